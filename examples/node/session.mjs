// A kremote session: MessagePack over HTTP, one op a request. proto/README.md explains the protocol.

import { decode, encode } from "@msgpack/msgpack";

import { decodeTensor } from "./tensor.mjs";

const MSGPACK = "application/msgpack";
const MOST_ATTEMPTS = 10;

export class Session {
  #url;
  #token;
  #path;
  #sequence = 0;
  // Values' ids are ours to choose, from 2**24 to 2**53 - 1. A block of 2**24 drawn at random meets no other client's.
  #nextId = 2 ** 24 * (1 + Math.floor(Math.random() * (2 ** 29 - 2)));
  #client = crypto.randomUUID();

  constructor(url, token) {
    this.#url = url;
    this.#token = token;
  }

  static async open(url, token) {
    const session = new Session(url, token);
    const { session: id } = await session.#request("POST", "/v1/sessions", { protocol: [1, 1], client: "node" });
    session.#path = `/v1/sessions/${id}`;
    return session;
  }

  /** Run an op; a reference to its result, to be used as an argument of others. */
  async op(name, args) {
    const id = this.#nextId++;
    await this.#request("POST", `${this.#path}/ops/${name}?id=${id}`, args);
    return { ref: id };
  }

  /** Run an op and fetch its value: nested arrays, or a list of them where the op has several results. */
  async fetch(name, args) {
    const { id, value } = await this.#request("POST", `${this.#path}/ops/${name}?fetch=true`, args);
    await this.#request("DELETE", `${this.#path}/tensors/${id}`);
    return Array.isArray(value) ? value.map(decodeTensor) : decodeTensor(value);
  }

  async delete() {
    await this.#request("DELETE", this.#path);
  }

  async #request(method, path, body) {
    const options = {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        "content-type": MSGPACK,
        accept: MSGPACK,
        // A request sent again under its sequence is answered again, not run again.
        "kremote-sequence": `${this.#client}:${++this.#sequence}`,
      },
      body: body && encode(body),
    };
    for (let attempt = 1; ; attempt++) {
      const response = await fetch(this.#url + path, options);
      const reply = decodeBody(await response.arrayBuffer());
      if (response.ok) return reply;
      if (response.status !== 503 || attempt === MOST_ATTEMPTS) throw refusal(reply.error, response.status);
      const seconds = Number(response.headers.get("retry-after") ?? 1);
      await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    }
  }
}

function decodeBody(buffer) {
  return buffer.byteLength ? decode(new Uint8Array(buffer)) : {};
}

function refusal(error, status) {
  const { code = `http ${status}`, op, message = "no kremote server answered", hint } = error ?? {};
  return new Error(`${code}: ${op ? `${op}: ` : ""}${message}${hint ? ` (${hint})` : ""}`);
}
