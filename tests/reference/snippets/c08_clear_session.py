"""C8: the loop and the naming example, with a layer as small as they need."""

from kremote import backend as K


class Dense:
    """Named by K's numbers, as tf.keras names its layers."""

    def __init__(self, units):
        number = K.get_uid("dense")
        self.name = "dense" if number == 1 else f"dense_{number - 1}"
        self.kernel = K.ones((units, units), name=self.name)


for _ in range(100):
    # With `clear_session()` called at the beginning, Keras starts with a blank state at each iteration
    # and memory consumption is constant over time.
    K.clear_session()
    model = [Dense(10) for _ in range(10)]
assert [layer.kernel.name for layer in model][-1] == "dense_9"

K.clear_session()
layers = [Dense(10) for _ in range(10)]  # Create 10 layers
new_layer = Dense(10)
assert new_layer.name == "dense_10"
K.set_learning_phase(1)
print(K.learning_phase())
assert K.learning_phase() == 1
K.clear_session()
new_layer = Dense(10)
assert new_layer.name == "dense"
assert new_layer.kernel.name == "dense"
