// Variable, dot, softmax, placeholder, function, call: each line printed is a name and its value as JSON.
//
//   KREMOTE_URL=http://127.0.0.1:8000 KREMOTE_TOKEN=... npm start

import { Session } from "./session.mjs";
import { encodeTensor } from "./tensor.mjs";

const { KREMOTE_URL, KREMOTE_TOKEN } = process.env;
if (!KREMOTE_URL || !KREMOTE_TOKEN) {
  console.error("set KREMOTE_URL and KREMOTE_TOKEN to what `kremote serve` prints");
  process.exit(2);
}

const show = (name, value) => console.log(name.padEnd(9), JSON.stringify(value));

const session = await Session.open(KREMOTE_URL, KREMOTE_TOKEN);
try {
  // Values live on the server; what we hold are references to them.
  const weights = await session.op("variable", { value: encodeTensor([[1, 2, 3], [4, 5, 6]]), name: "weights" });
  const scores = await session.op("dot", { x: encodeTensor([[1, 0.5]]), y: weights });
  show("dot", await session.fetch("eval", { x: scores }));
  show("softmax", await session.fetch("softmax", { x: scores }));

  // What is computed from a placeholder is a symbol, until a function is called with something in its place.
  const input = await session.op("placeholder", { shape: [null, 2] });
  const logits = await session.op("dot", { x: input, y: { variable: "weights" } });
  const classes = await session.op("softmax", { x: logits });
  const predict = await session.op("function", { inputs: [input], outputs: [logits, classes] });

  const inputs = [encodeTensor([[1, 0], [0, 1]])];
  show("call", await session.fetch("function.call", { function: predict, inputs }));

  // The function reads the variable whenever it is called.
  await session.op("update", { x: weights, new_x: encodeTensor([[0, 0, 0], [0, 0, 0]]) });
  show("again", await session.fetch("function.call", { function: predict, inputs }));

  // A refusal says what was expected, what came, and where.
  await session.op("dot", { x: weights, y: weights }).catch((error) => show("mistake", error.message));
} finally {
  await session.delete();
}
