#!/usr/bin/env bash
# kremote from a shell: curl and JSON, nothing else.
#
#   KREMOTE_URL=http://127.0.0.1:8000 KREMOTE_TOKEN=... ./kremote.sh
#
# Every line it prints is a name and the JSON of a reply. proto/README.md explains the protocol.
set -euo pipefail

: "${KREMOTE_URL:?set it to the URL that kremote serve prints}"
: "${KREMOTE_TOKEN:?set it to the token that kremote serve prints}"

# request METHOD PATH [BODY]: the reply's JSON, also of a refusal, which is a failure of the command.
request() {
    local body=()
    if [ $# -gt 2 ]; then
        body=(--header 'Content-Type: application/json' --data-binary "$3")
    fi
    # The token comes from a file descriptor, so that it is in nobody's list of processes. Where curl has to send a
    # request again, the server knows it by its sequence, and answers it again instead of running it twice.
    curl --silent --show-error --fail-with-body --request "$1" "$KREMOTE_URL$2" \
        --config <(printf 'header = "Authorization: Bearer %s"\n' "$KREMOTE_TOKEN") \
        --header 'Accept: application/json' \
        --retry 5 --header "Kremote-Sequence: curl-$$-$RANDOM$RANDOM$RANDOM" ${body[@]+"${body[@]}"}
}

# show NAME METHOD PATH [BODY]: make a request and print its reply; a refusal ends the script.
show() {
    local name=$1 reply
    shift
    reply=$(request "$@") || {
        printf '%s\n' "$reply" >&2
        exit 1
    }
    printf '%-9s %s\n' "$name" "$reply"
}

# 1. A session holds what we make. Its id is unguessable; whoever has it and the token can come back to it.
opened=$(request POST /v1/sessions '{"client": "curl"}') || {
    printf '%s\n' "$opened" >&2
    exit 1
}
here=/v1/sessions/$(sed -n 's/.*"session":"\([^"]*\)".*/\1/p' <<<"$opened")
trap 'request DELETE "$here"' EXIT

# 2. A named variable. A list of numbers is a tensor; `name` lets us say {"variable": "weights"} from now on.
show variable POST "$here/ops/variable" '{"value": [[1, 2, 3], [4, 5, 6]], "name": "weights"}'

# 3. One op, its value in the reply. We choose the result's id (from 2**24 up), to refer to it below.
show dot POST "$here/ops/dot?id=20000001&fetch=true" \
    '{"x": {"dtype": "float32", "shape": [1, 2], "data": [[1, 0.5]]}, "y": {"variable": "weights"}}'

# 4. An op of an earlier result.
show softmax POST "$here/ops/softmax?fetch=true" '{"x": {"ref": 20000001}}'

# 5. A placeholder is a symbol: it has no value, and nor has anything that is computed from it.
show symbol POST "$here/ops/placeholder?id=20000002" '{"shape": [null, 2]}'
show scores POST "$here/ops/dot?id=20000003" '{"x": {"ref": 20000002}, "y": {"variable": "weights"}}'
show classes POST "$here/ops/softmax?id=20000004" '{"x": {"ref": 20000003}}'

# 6. A function from placeholders to what was computed from them, compiled once on the server.
show function POST "$here/ops/function?id=20000005" \
    '{"inputs": [{"ref": 20000002}], "outputs": [{"ref": 20000003}, {"ref": 20000004}]}'

# 7. A call of it: a value for each input, and one for each output. Variables are read now, not when it was made.
show call POST "$here/ops/function.call?fetch=true" \
    '{"function": {"ref": 20000005}, "inputs": [[[1, 0], [0, 1]]]}'

# 8. Changing the variable changes what the function computes.
show update POST "$here/ops/update" '{"x": {"variable": "weights"}, "new_x": [[0, 0, 0], [0, 0, 0]]}'
show again POST "$here/ops/function.call?fetch=true" '{"function": {"ref": 20000005}, "inputs": [[[1, 0]]]}'

# 9. A mistake: code and message say what was expected, what came and where.
mistake=$(request POST "$here/ops/softmax" '{"x": {"ref": 20000099}}' 2>/dev/null) || printf 'mistake   %s\n' "$mistake"

# 10. What is no longer needed is freed. The session itself is deleted at the end, by the trap above.
request DELETE "$here/tensors/20000001"
show variables GET "$here/variables"
