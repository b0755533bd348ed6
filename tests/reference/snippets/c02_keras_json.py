"""C2: what ~/.keras/keras.json says is what K starts with."""

import json
from pathlib import Path

from kremote import backend as K

content = json.loads((Path.home() / ".keras" / "keras.json").read_text())

print(K.backend())

assert K.backend() == content["backend"]
assert K.floatx() == content["floatx"] == "float32"
assert K.epsilon() == content["epsilon"] == 1e-07
assert K.image_data_format() == content["image_data_format"] == "channels_last"
