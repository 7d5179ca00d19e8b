// Made by `npm run build` in deploy/: change src/ or wrangler.jsonc instead.
// src/network/kernel.ts
import wasm from "./kernel.wasm";

// src/network/safetensors.ts
var MAX_FILE_BYTES = 16 << 20;
var MAX_HEADER_BYTES = 1 << 20;
var WeightsRefused = class extends Error {
  /** @param passing it may mend by itself, so the same offer is looked at again. */
  constructor(reason, passing = false) {
    super(reason);
    this.passing = passing;
  }
  passing;
};
function show(value2) {
  const text2 = JSON.stringify(value2) ?? "nothing";
  return text2.length > 80 ? `${text2.slice(0, 79)}\u2026` : text2;
}
function isObject(value2) {
  return typeof value2 === "object" && value2 !== null && !Array.isArray(value2);
}
var MAX_DEPTH = 32;
function strictJson(text2, numbers3 = /./) {
  const value2 = JSON.parse(text2, function(_key, item, context) {
    if (typeof item === "number" && !(Number.isFinite(item) && numbers3.test(context?.source ?? ""))) {
      throw new SyntaxError(`the number ${context?.source?.slice(0, 40)} cannot be there`);
    }
    return item;
  });
  let level = [value2];
  let members = 0;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    const texts = level.flatMap((item) => isObject(item) ? Object.keys(item) : [item]);
    if (!texts.every((item) => typeof item !== "string" || item.isWellFormed())) {
      throw new SyntaxError("a text has half a surrogate pair");
    }
    members += level.reduce((sum, x) => sum + (isObject(x) ? Object.keys(x).length : 0), 0);
    level = level.flatMap(
      (item) => Array.isArray(item) ? item : isObject(item) ? Object.values(item) : []
    );
    if (level.length > 0) continue;
    if (members === membersIn(text2)) return value2;
    throw new SyntaxError("a key is twice in one object");
  }
  throw new SyntaxError(`it is nested more than ${MAX_DEPTH} deep`);
}
function membersIn(json2) {
  let [count2, quoted] = [0, false];
  for (let i = 0; i < json2.length; i++) {
    const letter = json2[i];
    if (letter === '"') quoted = !quoted;
    else if (letter === ":" && !quoted) count2++;
    else if (letter === "\\" && quoted) i++;
  }
  return count2;
}
function readSafetensors(bytes) {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new WeightsRefused(`it has ${bytes.length} bytes, at most ${MAX_FILE_BYTES} are allowed`);
  }
  const { header: header2, body } = split(bytes);
  const metadata = header2.get("__metadata__");
  if (!isObject(metadata)) throw new WeightsRefused("its header has no __metadata__ object");
  for (const [name, text2] of Object.entries(metadata)) {
    if (typeof text2 === "string") continue;
    throw new WeightsRefused(`in its __metadata__ ${show(name)} is ${show(text2)}, not a text`);
  }
  header2.delete("__metadata__");
  const places = [...header2].map(([name, entry]) => place(name, entry, body.length));
  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let used2 = 0;
  for (const { name, begin, end } of places) {
    if (begin !== used2) {
      throw new WeightsRefused(
        `tensor ${show(name)} begins at byte ${begin}, but the one before ends at ${used2}: tensors overlap or leave a gap`
      );
    }
    used2 = end;
  }
  if (used2 !== body.length) {
    throw new WeightsRefused(`${body.length - used2} bytes at its end belong to no tensor`);
  }
  const tensors = new Map(places.map((p) => [p.name, { shape: p.shape, data: numbers(p, body) }]));
  return { metadata: new Map(Object.entries(metadata)), tensors };
}
function split(bytes) {
  if (bytes.length < 8) {
    throw new WeightsRefused(`it has ${bytes.length} bytes, too few for a safetensors header`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    throw new WeightsRefused(
      `its header should have ${length} bytes, but ${bytes.length - 8} follow the length and at most ${MAX_HEADER_BYTES} are allowed: truncated, or not a safetensors file`
    );
  }
  const start = 8 + Number(length);
  let header2;
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    header2 = strictJson(utf8.decode(bytes.subarray(8, start)), /^(0|-?[1-9]\d*)$/);
  } catch (error) {
    throw new WeightsRefused(`its header is not JSON in UTF-8: ${error.message}`);
  }
  if (!isObject(header2)) throw new WeightsRefused("its header is not a JSON object");
  return { header: new Map(Object.entries(header2)), body: bytes.subarray(start) };
}
function place(name, entry, available) {
  const where = `tensor ${show(name)}`;
  if (!isObject(entry)) throw new WeightsRefused(`${where} is described by ${show(entry)}`);
  const { dtype, shape, data_offsets: offsets, ...more } = entry;
  if (Object.keys(more).length > 0) throw new WeightsRefused(`${where} is described by ${show(entry)}`);
  if (dtype !== "F32" && dtype !== "F16") {
    throw new WeightsRefused(`${where} has dtype ${show(dtype)}, only F32 and F16 are read`);
  }
  if (!isCounts(shape) || shape.length > 8) {
    throw new WeightsRefused(`${where} has shape ${show(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new WeightsRefused(`${where} has data_offsets ${show(offsets)}, not [begin, end]`);
  }
  const [begin, end] = offsets;
  if (begin > end || end > available) {
    throw new WeightsRefused(
      `${where} lies at bytes ${begin} to ${end}, outside the ${available} bytes of numbers`
    );
  }
  const size2 = shape.reduce((product, n) => product * n, dtype === "F32" ? 4 : 2);
  if (size2 !== end - begin) {
    throw new WeightsRefused(
      `${where} of shape ${show(shape)} and ${dtype} needs ${size2} bytes, it has ${end - begin}`
    );
  }
  return { name, dtype, shape, begin, end };
}
function isCounts(value2) {
  return Array.isArray(value2) && value2.every((n) => Number.isSafeInteger(n) && n >= 0);
}
function numbers({ name, dtype, begin, end }, body) {
  const own = body.slice(begin, end).buffer;
  const data = dtype === "F32" ? new Float32Array(own) : new Float32Array(new Float16Array(own));
  const bad = indexOfNotFinite(data);
  if (bad >= 0) {
    throw new WeightsRefused(`tensor ${show(name)} holds ${data[bad]} at index ${bad}`);
  }
  return data;
}
function indexOfNotFinite(data) {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

// src/network/pack.ts
var NO_MEMORY = 1;
var NOT_FINITE = 2;
function pack({ layers, scale, mean, std }, kernel) {
  const steps = [];
  const put2 = (tensor) => {
    if (!tensor) return 0;
    const address = allocate(kernel, tensor.data.length);
    new Float32Array(kernel.memory.buffer, address, tensor.data.length).set(tensor.data);
    return address;
  };
  check(kernel.begin(scale, mean, std));
  for (const { layer, before } of layers) {
    switch (layer.op) {
      case "conv2d": {
        const { weight, bias, stride, low, high, dilation, groups } = layer;
        const [outputs, , size2] = weight.shape;
        const how = [stride, low, high, dilation, groups];
        check(kernel.conv2d(put2(weight), put2(bias), outputs, size2, ...how));
        break;
      }
      case "batchnorm2d":
      case "batchnorm1d": {
        const { weight, bias, mean: mean2, var: variance, eps } = layer;
        check(kernel.batchnorm2d(put2(weight), put2(bias), put2(mean2), put2(variance), eps));
        break;
      }
      case "maxpool2d":
      case "avgpool2d":
        check(kernel[layer.op](layer.size, layer.stride, layer.low, layer.high));
        break;
      case "globalavgpool2d":
        check(kernel.avgpool2d(before.h, 1, 0, 0));
        break;
      case "leakyrelu":
        check(kernel.leakyrelu(layer.slope));
        break;
      case "linear":
        check(kernel.linear(put2(layer.weight), put2(layer.bias), layer.weight.shape[0]));
        break;
      default:
        check(kernel[layer.op]());
    }
    steps.push(kernel.count());
  }
  check(kernel.finish());
  return steps;
}
function allocate(kernel, floats) {
  const address = kernel.room(floats);
  if (address === 0) check(NO_MEMORY);
  return address;
}
function check(result) {
  if (result === NO_MEMORY) {
    throw new WeightsRefused("packed it needs more than 32 MiB: use fewer or smaller layers");
  }
  if (result === NOT_FINITE) {
    throw new WeightsRefused("a weight overflows float32 once batch norm is folded into it");
  }
}

// src/network/kernel.ts
var PIXELS = 784;
var CHUNK = 64;
var TURN_COST = 5e8;
var Kernel = class {
  exports;
  labels;
  cost;
  images;
  probabilities;
  shapes;
  steps;
  /** @throws WeightsRefused when the packed network is too large or gives no finite answer. */
  constructor(weights2) {
    this.exports = new WebAssembly.Instance(wasm).exports;
    this.labels = weights2.labels.length;
    this.cost = weights2.cost;
    this.steps = pack(weights2, this.exports);
    this.shapes = weights2.layers.map(({ after }) => after);
    this.images = allocate(this.exports, CHUNK * PIXELS / 4);
    this.probabilities = allocate(this.exports, CHUNK * this.labels);
    const ramp = Uint8Array.from({ length: 2 * PIXELS }, (_, i) => i < PIXELS ? 0 : i % 256);
    if (!this.some(ramp).every(Number.isFinite)) {
      throw new WeightsRefused("it gives no finite probabilities: its numbers overflow float32");
    }
  }
  /** Bytes of memory that it holds. */
  get size() {
    return this.exports.memory.buffer.byteLength;
  }
  /** uint8 N x 784 -> float32 N x labels. Others get a turn in between when it takes long. */
  async classify(images) {
    const total = images.length / PIXELS;
    const answer2 = new Float32Array(total * this.labels);
    const most = Math.max(1, Math.min(CHUNK, Math.floor(TURN_COST / this.cost)));
    let spent = 0;
    for (let i = 0; i < total; i += most) {
      if (spent >= TURN_COST) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        spent = 0;
      }
      const chunk = images.subarray(i * PIXELS, (i + most) * PIXELS);
      answer2.set(this.some(chunk), i * this.labels);
      spent += most * this.cost;
    }
    return answer2;
  }
  /** uint8 784 -> float32 labels, without a turn for anybody else. */
  one(image) {
    return this.some(image).slice();
  }
  /** How many numbers the layers give for one image, all together. */
  get traceable() {
    return this.shapes.reduce((sum, { c, h, w }) => sum + c * h * w, PIXELS);
  }
  /**
   * What each layer gives for one image, uint8 784. Layers that are one step here have one entry,
   * that of the last of them: a convolution and its batch norm, a flatten and its linear layer.
   */
  trace(image) {
    const { memory, trace: trace2, count: count2 } = this.exports;
    new Uint8Array(memory.buffer, this.images, PIXELS).set(image);
    const found = [];
    let next = 0;
    const note2 = (layer, step, shape) => {
      const size2 = shape.reduce((a, b) => a * b);
      const from = trace2(this.images, next, step);
      const numbers3 = new Float32Array(memory.buffer, from, size2).slice();
      next = step + 1;
      found.push({ layer, shape, numbers: numbers3 });
    };
    note2("input", 0, [1, 28, 28]);
    this.shapes.forEach(({ c, h, w, flat }, layer) => {
      const steps = this.steps[layer];
      if (steps !== this.steps[layer + 1]) note2(layer, steps - 1, flat ? [c] : [c, h, w]);
    });
    note2("probabilities", count2() - 1, [this.labels]);
    return found;
  }
  /** At most CHUNK images; a view that the next call overwrites. */
  some(chunk) {
    const { memory, classify: classify2 } = this.exports;
    const n = chunk.length / PIXELS;
    new Uint8Array(memory.buffer, this.images, chunk.length).set(chunk);
    classify2(this.images, n, this.probabilities);
    return new Float32Array(memory.buffer, this.probabilities, n * this.labels);
  }
};

// src/problem.ts
var Problem = class extends Error {
  constructor(fields) {
    super(fields.detail);
    this.fields = fields;
  }
  fields;
};
function problem(status, kind, title, detail, headers2 = {}) {
  return new Problem({ status, kind, title, detail, headers: headers2 });
}
function problemResponse(fields, more = {}) {
  const { status, kind, title, detail, headers: headers2 } = fields;
  const body = { type: `urn:mnist-nb:problem:${kind}`, title, status, detail, ...more };
  return new Response(JSON.stringify(body), {
    status,
    headers: {
      ...headers2,
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store"
    }
  });
}
function unforeseen(error) {
  const id2 = crypto.randomUUID();
  const text2 = error instanceof Error ? error.stack ?? error.message : String(error);
  console.error(JSON.stringify({ event: "unforeseen error", request_id: id2, error: text2 }));
  const detail = `Something failed that should not have. Try again, or report request id ${id2}.`;
  return problemResponse(
    { status: 500, kind: "internal", title: "Internal error", detail },
    { request_id: id2 }
  );
}

// src/requests/body.ts
var MAX_IMAGES = 1024;
var MAX_JSON_BYTES = 64 << 10;
var MAX_DRAIN_BYTES = 32 << 20;
function encodingOf(request) {
  const given = request.headers.get("Content-Type") ?? "";
  const type = given.split(";")[0].trim().toLowerCase();
  const coding = request.headers.get("Content-Encoding")?.toLowerCase() ?? "identity";
  if (coding !== "identity") {
    throw unsupported(`Content-Encoding is ${quote(coding)}; send the body uncompressed.`);
  }
  if (type === "application/octet-stream") return "octets";
  if (type === "application/json" || type === "text/plain") return "json";
  throw unsupported(
    `Content-Type is ${quote(given)}; send application/json (an array of ${PIXELS} numbers) or application/octet-stream (${PIXELS} bytes an image).`
  );
}
async function readImages(request, encoding) {
  if (encoding === "json") return pixelsOfJson(await readCapped(request, MAX_JSON_BYTES));
  const bytes = await readCapped(request, MAX_IMAGES * PIXELS);
  if (bytes.length === 0 || bytes.length % PIXELS !== 0) {
    throw wrongShape(
      `The body has ${bytes.length} bytes; send ${PIXELS} for each of 1 to ${MAX_IMAGES} images.`
    );
  }
  return bytes;
}
function pixelsOfJson(bytes) {
  let value2;
  try {
    value2 = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw problem(
      400,
      "broken-json",
      "Not JSON",
      `The body of ${bytes.length} bytes is not JSON; send an array of ${PIXELS} numbers.`
    );
  }
  if (!Array.isArray(value2) || value2.length !== PIXELS) {
    const found = Array.isArray(value2) ? `an array of ${value2.length}` : quote(value2);
    throw wrongShape(`The body is ${found}; send an array of ${PIXELS} numbers, row after row.`);
  }
  return Uint8Array.from(value2, (pixel, index) => {
    if (typeof pixel === "number" && pixel >= 0 && pixel <= 255) return Math.round(pixel);
    throw problem(
      400,
      "wrong-range",
      "Wrong pixel",
      `The number at index ${index} is ${quote(pixel)}; each is a number from 0 to 255.`
    );
  });
}
async function readCapped(request, most) {
  const said = Number(request.headers.get("Content-Length") ?? "NaN");
  if (said <= most) return readWhole(request, said);
  const parts = [];
  let length = 0;
  try {
    for await (const part of request.body ?? []) {
      length += part.length;
      if (length <= most) parts.push(part);
      if (length > MAX_DRAIN_BYTES) break;
    }
  } catch {
    const detail = `The body broke off after ${length} bytes; send it again.`;
    throw problem(400, "broken-body", "Body broke off", detail);
  }
  if (length > most) {
    const size2 = length > MAX_DRAIN_BYTES ? `more than ${MAX_DRAIN_BYTES}` : `${length}`;
    const detail = `The body has ${size2} bytes; at most ${most} are read.`;
    throw problem(413, "too-large", "Body too large", detail);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
async function readWhole(request, said) {
  try {
    return new Uint8Array(await request.arrayBuffer());
  } catch {
    const detail = `The body broke off before its ${said} bytes were there; send it again.`;
    throw problem(400, "broken-body", "Body broke off", detail);
  }
}
function wrongShape(detail) {
  return problem(400, "wrong-shape", "Wrong shape", detail);
}
function unsupported(detail) {
  return problem(415, "unsupported-type", "Unsupported media type", detail);
}
function quote(value2) {
  const text2 = JSON.stringify(value2) ?? "missing";
  return text2.length > 60 ? `${text2.slice(0, 59)}\u2026` : text2;
}

// src/object/collected.ts
import { DurableObject } from "cloudflare:workers";
var KEPT = "mnist/drawings/kept.json";
var FORMAT = "mnist-nb.collection/1";
var MAX_DRAWINGS = 1e3;
var MAX_FILE_BYTES2 = 2 << 20;
var AGAIN_MS = 1e3;
var BETS = "bets";
var MAX_QUESTIONS = 32;
var MAX_BETS = 300;
var DIGITS_OF_A_BET = 2;
var Collected = class extends DurableObject {
  waiting = [];
  writing = null;
  /** @returns what takes it back, or null when no more are kept */
  async keep(image, label) {
    const id2 = crypto.randomUUID();
    const pixels = btoa(String.fromCharCode(...image));
    const isKept2 = await this.change((kept3) => {
      if (kept3.length >= MAX_DRAWINGS) return false;
      const place2 = Math.floor(Math.random() * (kept3.length + 1));
      kept3.splice(place2, 0, { id: id2, label, day: today(), pixels });
      return true;
    });
    return isKept2 ? id2 : null;
  }
  /** @returns false when there is none of that id */
  async takeBack(id2) {
    return this.change((kept3) => {
      const place2 = kept3.findIndex((drawing) => drawing.id === id2);
      if (place2 >= 0) kept3.splice(place2, 1);
      return place2 >= 0;
    });
  }
  /**
   * Counts a bet, if there is one.
   *
   * @returns how often each value was bet today; null when no more are counted
   */
  async bets(question, value2) {
    const found = await this.ctx.storage.get(BETS);
    const bets2 = found?.day === today() ? found : { day: today(), counts: /* @__PURE__ */ new Map() };
    const counts = bets2.counts.get(question) ?? /* @__PURE__ */ new Map();
    if (value2 !== null) {
      const full = [...counts.values()].reduce((sum, count2) => sum + count2, 0) >= MAX_BETS;
      if (full || counts.size === 0 && bets2.counts.size >= MAX_QUESTIONS) return null;
      const rounded = Number(value2.toPrecision(DIGITS_OF_A_BET));
      counts.set(rounded, (counts.get(rounded) ?? 0) + 1);
      bets2.counts.set(question, counts);
      await this.ctx.storage.put(BETS, bets2);
    }
    return [...counts].sort(([a], [b]) => a - b);
  }
  /** All changes that come while the file is written are made by the next write. */
  change(change) {
    const done = Promise.withResolvers();
    this.waiting.push({ change, done });
    this.writing ??= this.writeAll().finally(() => {
      this.writing = null;
    });
    return done.promise;
  }
  async writeAll() {
    while (this.waiting.length > 0) {
      const now = this.waiting.splice(0);
      try {
        const changed = await this.write(now.map(({ change }) => change));
        for (const [i, { done }] of now.entries()) done.resolve(changed[i]);
      } catch (error) {
        for (const { done } of now) done.reject(error);
      }
    }
  }
  async write(changes) {
    const bucket = this.env.MODELS;
    const object = await bucket.get(KEPT);
    const kept3 = object ? await readKept(object) : [];
    const changed = changes.map((change) => change(kept3));
    if (!changed.includes(true)) return changed;
    const onlyIf = object ? { etagMatches: object.etag } : new Headers({ "If-None-Match": "*" });
    const text2 = JSON.stringify({ format: FORMAT, digits: kept3 });
    const options2 = { onlyIf, httpMetadata: { contentType: "application/json" } };
    const put2 = () => bucket.put(KEPT, text2, options2);
    const written = await put2().catch(() => scheduler.wait(AGAIN_MS).then(put2));
    if (!written) throw new Error(`${KEPT} was changed by somebody else meanwhile`);
    return changed;
  }
};
async function readKept(object) {
  if (object.size <= MAX_FILE_BYTES2) {
    const value2 = await object.json();
    if (isObject(value2) && value2.format === FORMAT && Array.isArray(value2.digits)) {
      return value2.digits;
    }
  }
  throw new Error(`${KEPT} is no collection of this Worker's`);
}
function today() {
  return (/* @__PURE__ */ new Date()).toISOString().slice(0, 10);
}

// src/requests/collect.ts
var QUESTION = "^[a-z0-9-]{1,60}$";
var ID = "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$";
function collects(env) {
  return env.COLLECT === "on";
}
async function keepDrawing(request, env, note2) {
  requireOn(env);
  const [label, consent] = [parameter(request, "label"), parameter(request, "consent")];
  if (consent !== "yes") {
    const detail2 = `consent is ${show(consent)}; a drawing is kept only with consent=yes, by who drew it.`;
    throw problem(400, "no-consent", "No consent", detail2);
  }
  if (!/^[0-9]$/.test(label ?? "")) {
    throw problem(400, "wrong-label", "Wrong label", `label is ${show(label)}; give a digit, 0 to 9.`);
  }
  if (encodingOf(request) !== "octets") {
    const detail2 = `Content-Type is JSON; send application/octet-stream, the ${PIXELS} bytes.`;
    throw problem(415, "unsupported-type", "Unsupported media type", detail2);
  }
  const image = await readImages(request, "octets");
  note2.images = image.length / PIXELS;
  if (image.length !== PIXELS) {
    const detail2 = `The body has ${note2.images} images; they are kept one by one.`;
    throw problem(400, "wrong-shape", "Wrong shape", detail2);
  }
  if (!image.some((pixel) => pixel > 0)) {
    throw problem(400, "no-ink", "Nothing drawn", "All pixels are 0; draw a digit first.");
  }
  const id2 = await ask(env, (object) => object.keep(image, Number(label)));
  if (id2 !== null) return answer({ id: id2 }, 201);
  const detail = `The class has given ${MAX_DRAWINGS} drawings, and no more are kept; whoever holds the bucket's keys can move them elsewhere.`;
  throw problem(507, "full", "No more room", detail);
}
async function takeBack(request, env) {
  const id2 = parameter(request, "id");
  if (!new RegExp(ID).test(id2 ?? "")) {
    const detail2 = `id is ${show(id2)}; give the one that came when the drawing was kept.`;
    throw problem(400, "wrong-id", "Wrong id", detail2);
  }
  if (await ask(env, (object) => object.takeBack(id2))) return new Response(null, { status: 204 });
  const detail = "No drawing of this id is kept: it was taken back before, or all were deleted.";
  throw problem(404, "not-kept", "Not kept", detail);
}
async function bets(request, env) {
  requireOn(env);
  const [question, text2] = [parameter(request, "question"), parameter(request, "value")];
  if (!new RegExp(QUESTION).test(question ?? "")) {
    const detail2 = `question is ${show(question)}; give 1 to 60 of a-z, 0-9 and "-".`;
    throw problem(400, "wrong-question", "Wrong question", detail2);
  }
  const value2 = request.method === "POST" ? Number(text2?.trim() || NaN) : null;
  if (value2 !== null && !(Math.abs(value2) <= 1e9)) {
    throw problem(400, "wrong-bet", "Wrong bet", `value is ${show(text2)}; give a number up to 1e9.`);
  }
  const counts = await ask(env, (object) => object.bets(question, value2));
  if (counts !== null) return answer({ bets: counts.map(([value3, count2]) => ({ value: value3, count: count2 })) }, 200);
  const detail = `There are ${MAX_BETS} bets on this question, or too many questions, until tomorrow.`;
  throw problem(507, "full", "No more room", detail);
}
function requireOn(env) {
  if (collects(env)) return;
  const detail = "This edge collects nothing; whoever deployed it can set COLLECT to on.";
  throw problem(404, "collecting-off", "Nothing is collected", detail);
}
function parameter(request, name) {
  return new URL(request.url).searchParams.get(name);
}
function answer(body, status) {
  return Response.json(body, { status, headers: { "Cache-Control": "no-store" } });
}
async function ask(env, question) {
  try {
    return await question(env.COLLECTED.getByName("class"));
  } catch (error) {
    console.error(JSON.stringify({ event: "not collected", error: String(error) }));
    const detail = "It could not be written just now; send it again, or ask whoever reads this edge's log.";
    throw problem(503, "busy", "Try again", detail, { "Retry-After": "1" });
  }
}

// src/openapi/parts.ts
var text = { type: "string" };
var count = { type: "integer", minimum: 0 };
var sha256 = { type: "string", pattern: "^[0-9a-f]{64}$" };
var orNull = (schema) => ({ anyOf: [schema, { type: "null" }] });
var ref = (name) => ({ $ref: `#/components/schemas/${name}` });
var record = (properties) => ({
  type: "object",
  properties,
  required: Object.keys(properties)
});
var header = (description, schema = text, required = true) => ({
  description,
  required,
  schema
});
var nosniff = { "X-Content-Type-Options": header("`nosniff`", { const: "nosniff" }) };
var retryAfter = { "Retry-After": header("Seconds to wait.", { ...count, minimum: 1 }) };
var kept = {
  ...nosniff,
  ETag: header("Changes when the answer does.", { type: "string", pattern: '^"[0-9a-f]+"$' }),
  "Cache-Control": header("`private, no-cache`: keep it, and ask with `If-None-Match`.")
};
var problem2 = (description, headers2 = {}) => ({
  description,
  headers: { ...nosniff, "Cache-Control": header("`no-store`"), ...headers2 },
  content: { "application/problem+json": { schema: ref("Problem") } }
});
var bare = ({ description, headers: headers2 }) => ({
  description,
  headers: headers2
});
var json = (description, schema, headers2) => ({
  description,
  headers: headers2,
  content: { "application/json": { schema } }
});
var PROBLEMS = {
  "400": problem2("Wrong shape, range or parameter; the detail names the value."),
  "401": problem2("The token is missing or another one.", {
    "WWW-Authenticate": header("`Bearer`")
  }),
  "404": problem2("Nothing is here, or it is switched off."),
  "405": problem2("Another method is needed.", { Allow: header("The methods possible.") }),
  "406": problem2("No answer of a type that Accept allows."),
  "413": problem2(`The body is larger than ${MAX_IMAGES} images, or than 64 KiB of JSON.`),
  "415": problem2("The body's type or encoding is not read."),
  "422": problem2("The weights overflow float32 on this image."),
  "429": problem2("Too many requests from this address.", retryAfter),
  "500": problem2("A fault of the Worker; `request_id` finds it in the log."),
  "503": problem2("No model yet, or the object is busy; the detail says what to do.", retryAfter),
  "507": problem2("The class has given as much as is kept.")
};
var problems = (...statuses) => Object.fromEntries(statuses.map((status) => [status, PROBLEMS[status]]));
var headProblems = (...statuses) => Object.fromEntries(statuses.map((status) => [status, bare(PROBLEMS[status])]));
var NOT_MODIFIED = { description: "The client has it.", headers: kept };
var OPEN = [];
var TOKEN = [{}, { token: [] }];
var IF_NONE_MATCH = {
  name: "If-None-Match",
  in: "header",
  description: "ETags of what the client has.",
  schema: text
};
var options = (operationId, allow) => ({
  operationId,
  summary: "What is possible here; also the preflight of a browser.",
  security: OPEN,
  responses: {
    "204": {
      description: "CORS headers come with it for the origins in ALLOWED_ORIGINS.",
      headers: { ...nosniff, Allow: header(allow, { const: allow }) }
    }
  }
});
var READ = "GET, HEAD, OPTIONS";
function readable(id2, what, ok, statuses, notModified2) {
  const unchanged = notModified2 ? { "304": NOT_MODIFIED } : {};
  const get = { "200": ok, ...unchanged, ...problems(...statuses) };
  const head = { "200": bare(ok), ...unchanged, ...headProblems(...statuses) };
  return {
    get: { operationId: id2, ...what, responses: get },
    head: { operationId: `${id2}Head`, ...what, responses: head },
    options: options(`${id2}Options`, READ)
  };
}

// src/openapi/collect-paths.ts
var parameter2 = (name, description, schema) => ({
  name,
  in: "query",
  required: true,
  description,
  schema
});
var headers = { ...nosniff, "Cache-Control": header("`no-store`") };
var id = { ...text, pattern: ID };
var value = { type: "number", minimum: -1e9, maximum: 1e9 };
var QUESTION_PARAMETER = parameter2("question", "Its name.", { ...text, pattern: QUESTION });
var COUNTED = json(
  "How often each value was bet on the question today.",
  record({ bets: { type: "array", items: record({ value, count: { ...count, minimum: 1 } }) } }),
  headers
);
var READ_BETS = readable(
  "bets",
  { summary: "What the class bet on a question today.", security: TOKEN, parameters: [QUESTION_PARAMETER] },
  COUNTED,
  ["400", "401", "404", "429", "500", "503"],
  false
);
var COLLECT_PATHS = {
  "/drawings": {
    post: {
      operationId: "keepDrawing",
      summary: "Keep one drawing with its right label for the class; where the setting COLLECT is `on`.",
      security: TOKEN,
      parameters: [
        parameter2("label", "What it is meant to be.", { type: "integer", minimum: 0, maximum: 9 }),
        parameter2("consent", "That who drew it wants it kept.", { const: "yes" })
      ],
      requestBody: {
        required: true,
        content: {
          "application/octet-stream": { schema: { description: `The ${PIXELS} bytes, not all 0.` } }
        }
      },
      responses: {
        "201": json("It is kept, until it is taken back by this id.", record({ id }), headers),
        ...problems("400", "401", "404", "413", "415", "429", "500", "503", "507")
      }
    },
    delete: {
      operationId: "takeBackDrawing",
      summary: "Take a drawing back, also where nothing is collected any more.",
      security: TOKEN,
      parameters: [parameter2("id", "The one that came when it was kept.", id)],
      responses: {
        "204": { description: "It is kept no longer.", headers: nosniff },
        ...problems("400", "401", "404", "429", "500", "503")
      }
    },
    options: options("drawingsOptions", "POST, DELETE, OPTIONS")
  },
  "/bets": {
    ...READ_BETS,
    post: {
      operationId: "bet",
      summary: "Count a bet, rounded to two digits; where the setting COLLECT is `on`.",
      security: TOKEN,
      parameters: [QUESTION_PARAMETER, parameter2("value", "The number that is bet.", value)],
      responses: {
        "200": COUNTED,
        ...problems("400", "401", "404", "429", "500", "503", "507")
      }
    },
    options: options("betsOptions", "GET, HEAD, POST, OPTIONS")
  }
};

// src/openapi/openapi.ts
var moment = { type: "string", format: "date-time" };
var answered = {
  ...nosniff,
  "X-Model-Sha256": header("The weights file that answered.", sha256),
  "X-Model-Name": header("Its name, percent-encoded."),
  "X-Candidate-Sha256": header("What is on trial beside what serves, where something is.", sha256, false),
  "X-Cold": header("`1` when this request waited for the model to be loaded.", { enum: ["0", "1"] }),
  "X-Place": header("Who answered: the JSON of the schema Place."),
  "Server-Timing": header(
    "What the Worker's clock can know, which stands still while it computes: `object`, the way to the Durable Object and back; on a cold start `load`, the weights from R2."
  ),
  "Cache-Control": header("`no-store`")
};
var weightsHeaders = {
  ...kept,
  "X-Model-Sha256": header("sha256 of these bytes; the ETag too.", sha256),
  "X-Model-Name": header("The network's name, percent-encoded."),
  "Content-Length": header("Bytes of the file.", count),
  "Content-Disposition": header("A file name for those who save it.")
};
var shard = (shards) => ({
  name: "shard",
  in: "query",
  description: "Which of the region's `shards` objects is asked, from 0; each keeps a model of its own.",
  schema: { type: "integer", minimum: 0, maximum: shards - 1, default: 0 }
});
var CLASSIFY = {
  operationId: "classify",
  summary: "The probabilities of each label for one image, or for many.",
  description: "JSON is one image; bytes are one or more, and Accept says whether the answer is bytes (the default) or JSON. A browser's `text/plain` counts as JSON. Numbers are rounded to bytes.",
  security: TOKEN,
  parameters: [
    { name: "model", in: "query", description: "One of the two of a trial.", schema: { enum: ["current", "candidate"] } }
  ],
  requestBody: {
    required: true,
    content: {
      "application/json": { schema: ref("Image") },
      "application/octet-stream": {
        schema: { description: `${PIXELS} bytes for each of 1 to ${MAX_IMAGES} images.` }
      },
      "text/plain": {
        schema: { type: "string", contentMediaType: "application/json", contentSchema: ref("Image") }
      }
    }
  },
  responses: {
    "200": {
      description: "For JSON the probabilities of the image, for bytes those of each.",
      headers: answered,
      content: {
        "application/json": { schema: { anyOf: [ref("Probabilities"), ref("Answer")] } },
        "application/octet-stream": {
          schema: { description: "float32, little-endian, images x labels." }
        }
      }
    },
    ...problems("400", "401", "404", "406", "413", "415", "422", "429", "500", "503")
  }
};
var TRACE = {
  operationId: "trace",
  summary: "What each layer gives for one image; only where the setting TRACE is `on`.",
  security: TOKEN,
  requestBody: { ...CLASSIFY.requestBody, description: "One image." },
  responses: {
    "200": {
      description: "A safetensors file of float32: `input`, what enters the first layer; `0`, `1` ... what the layers of the weights file give, where several are one step only the last of them; `probabilities`.",
      headers: {
        ...nosniff,
        "X-Model-Sha256": answered["X-Model-Sha256"],
        "X-Place": answered["X-Place"],
        "Cache-Control": answered["Cache-Control"]
      },
      content: { "application/octet-stream": { schema: {} } }
    },
    ...problems("400", "401", "404", "413", "415", "429", "500", "503")
  }
};
var time = orNull({ type: "number" });
var labels = { type: "array", items: count };
var TALLY = record({ answers: count, unsure: count, labels, mean_ms: time, p99_ms: time });
var TALLIES = { current: TALLY, candidate: TALLY };
var SCHEMAS = {
  Image: {
    description: "28 x 28 pixels, row after row; 0 is background, 255 ink.",
    type: "array",
    items: { type: "number", minimum: 0, maximum: 255 },
    minItems: PIXELS,
    maxItems: PIXELS
  },
  Probabilities: {
    description: "One for each label, in the order of the labels; their sum is 1.",
    type: "array",
    items: { type: "number", minimum: 0, maximum: 1 },
    minItems: 2,
    maxItems: 1e3
  },
  Answer: record({
    probabilities: { type: "array", items: ref("Probabilities"), minItems: 1 },
    model: record({ sha256, name: text }),
    cold: { type: "boolean" },
    place: ref("Place")
  }),
  Place: record({
    object: { ...text, description: "Name of the Durable Object." },
    continent: orNull({ type: "string", pattern: "^[A-Z0-9]{2}$" }),
    colo: orNull(text),
    local: { type: "boolean", description: "workerd on one's own machine, which has no place." }
  }),
  Model: record({
    sha256,
    name: text,
    parameters: count,
    labels: { type: "array", items: text, minItems: 2 },
    layers: { type: "array", items: { type: "object" }, minItems: 1 },
    not_sure_below: {
      ...orNull({ type: "number", minimum: 0, maximum: 1 }),
      description: "An answer whose largest probability is below counts as not sure."
    },
    key: { ...text, description: "Of the object in the bucket." },
    bytes: count,
    pushed_at: { ...text, description: "As the pointer says." },
    loaded_at: moment,
    rejected: { ...orNull(ref("Rejected")), description: "The last file that was refused, or why there is none." },
    candidate: { ...orNull(ref("Candidate")), description: "The weights on trial beside these." },
    collects: { type: "boolean", description: "Whether the class's drawings and bets may be given." },
    place: ref("Place"),
    shards: { ...count, minimum: 1, description: "Objects of each region." },
    version: { ...orNull(ref("Version")), description: "The deployment; null when unknown." }
  }),
  Candidate: record({
    ...{ sha256: orNull(sha256), name: text, not_sure_below: orNull({ type: "number" }) },
    percent: { type: "number", minimum: 0, maximum: 100 },
    shadow: { type: "boolean" },
    proposed_at: text,
    state: { enum: ["on trial", "stopped", "refused"] },
    reason: orNull(text),
    counts: orNull(record({ compared: count, disagreed: count, evidence: { type: "number" }, ...TALLIES }))
  }),
  Rejected: record({ key: orNull(text), sha256: orNull(sha256), reason: text, at: moment }),
  Version: record({ id: text, tag: text, timestamp: orNull(text) }),
  Health: record({ status: { const: "ok" } }),
  Problem: {
    description: "RFC 9457.",
    type: "object",
    properties: {
      type: { type: "string", pattern: "^urn:mnist-nb:problem:[a-z-]+$" },
      title: text,
      status: { type: "integer", minimum: 400, maximum: 599 },
      detail: { ...text, description: "What happened, the value, and what to do." },
      request_id: text
    },
    required: ["type", "title", "status", "detail"]
  }
};
var openapiOf = (shards) => ({
  openapi: "3.1.0",
  info: {
    title: "mnist-nb edge",
    version: "1",
    summary: "Digits, classified at the edge.",
    description: "Any other path answers 404, any other method 405 with `Allow`, both as Problem. Errors to a HEAD have no body.",
    license: { name: "MIT", identifier: "MIT" }
  },
  servers: [{ url: "/" }],
  paths: {
    "/classify": { post: CLASSIFY, options: options("classifyOptions", "POST, OPTIONS") },
    "/trace": { post: TRACE, options: options("traceOptions", "POST, OPTIONS") },
    ...COLLECT_PATHS,
    "/model": readable(
      "model",
      { summary: "The model in service.", security: TOKEN, parameters: [shard(shards), IF_NONE_MATCH] },
      json("What serves, and what was refused.", ref("Model"), kept),
      ["400", "401", "429", "500", "503"],
      true
    ),
    "/model/weights": readable(
      "weights",
      {
        summary: "The weights file in service, byte for byte.",
        security: TOKEN,
        parameters: [shard(shards), IF_NONE_MATCH]
      },
      {
        description: "A file of the format mnist-nb.network/1.",
        headers: weightsHeaders,
        content: { "application/octet-stream": { schema: {} } }
      },
      ["400", "401", "429", "500", "503"],
      true
    ),
    "/healthz": readable(
      "health",
      { summary: "Whether a model is loaded or loadable.", security: OPEN },
      json("It is.", ref("Health"), { ...nosniff, "Cache-Control": header("`no-store`") }),
      ["500", "503"],
      false
    ),
    "/openapi.json": readable(
      "openapi",
      { summary: "This document.", security: OPEN, parameters: [IF_NONE_MATCH] },
      json("OpenAPI 3.1.", { type: "object" }, kept),
      ["500"],
      true
    ),
    "/": readable(
      "page",
      { summary: "The drawing page; its files lie beside it.", security: OPEN },
      {
        description: "HTML.",
        headers: nosniff,
        content: { "text/html": { schema: text } }
      },
      ["500"],
      false
    )
  },
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      token: {
        type: "http",
        scheme: "bearer",
        description: "Only where EDGE_TOKEN is set."
      }
    }
  }
});

// src/requests/access.ts
async function admit(request, env) {
  if (!env.EDGE_TOKEN) return;
  const [scheme = "", token = ""] = (request.headers.get("Authorization") ?? "").split(/ +/);
  if (scheme.toLowerCase() === "bearer" && await sameText(token, env.EDGE_TOKEN)) return;
  throw problem(
    401,
    "unauthorized",
    "Token needed",
    `This edge asks for \`Authorization: Bearer <token>\`; the token sent is ${token ? "another one" : "missing"}. Ask whoever deployed it.`,
    { "WWW-Authenticate": 'Bearer realm="mnist-nb"' }
  );
}
async function countMore(request, env, amount) {
  if (!env.RATE_LIMITER || amount === 0) return;
  const key = networkOf(request.headers.get("CF-Connecting-IP") ?? "unknown");
  if ((await env.RATE_LIMITER.limit({ key, delta: amount })).success) return;
  const detail = "Too many requests or images from this address; wait 10 seconds, then send less.";
  throw problem(429, "too-many", "Too many requests", detail, { "Retry-After": "10" });
}
function networkOf(address) {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address);
  if (mapped || !address.includes(":")) return mapped?.[1] ?? address;
  const [head = [], tail] = address.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = Array(tail ? Math.max(0, 8 - head.length - tail.length) : 0).fill("0");
  const groups = [...head, ...zeros, ...tail ?? []].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(":");
}
async function sameText(a, b) {
  const digest = (text2) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text2));
  return crypto.subtle.timingSafeEqual(await digest(a), await digest(b));
}
function corsHeaders(request, env) {
  const words = (env.ALLOWED_ORIGINS ?? "").split(",").map((origin2) => origin2.trim());
  const allowed = words.filter((origin2) => origin2 !== "");
  if (allowed.length === 0) return {};
  const origin = request.headers.get("Origin");
  if (!origin || !allowed.includes(origin)) return { Vary: "Origin" };
  return {
    "Access-Control-Allow-Origin": origin,
    "Access-Control-Allow-Headers": "Accept, Authorization, Content-Type, If-None-Match",
    "Access-Control-Allow-Methods": "GET, HEAD, POST, DELETE, OPTIONS",
    "Access-Control-Expose-Headers": "ETag, X-Model-Sha256, X-Model-Name, X-Cold, X-Place, Server-Timing, Retry-After",
    "Access-Control-Max-Age": "600",
    Vary: "Origin"
  };
}

// src/settings.ts
function setting(text2, fallback, least) {
  const value2 = Number(text2?.trim() || NaN);
  return Number.isFinite(value2) && value2 >= least ? value2 : fallback;
}

// src/requests/region.ts
var HINTS = { AF: "afr", OC: "oc", SA: "sam" };
var others = () => true;
var PARTS = {
  AS: [
    { name: "AS-W", hint: "me", holds: (longitude) => longitude < 60 },
    { name: "AS-S", hint: "apac", holds: (longitude) => longitude < 95 },
    { name: "AS-NE", hint: "apac-ne", holds: (_, latitude) => latitude > 22 },
    { name: "AS-SE", hint: "apac-se", holds: others }
  ],
  EU: [
    { name: "EU-W", hint: "weur", holds: (longitude) => longitude < 10 },
    { name: "EU-E", hint: "eeur", holds: others }
  ],
  NA: [
    { name: "NA-W", hint: "wnam", holds: (longitude) => longitude < -100 },
    { name: "NA-E", hint: "enam", holds: others }
  ]
};
var REGIONS = [
  ...Object.values(PARTS).flat(),
  ...Object.entries(HINTS).map(([name, hint]) => ({ name, hint })),
  { name: "default", hint: void 0 }
];
function regionOf(continent, cf) {
  const [longitude, latitude] = [number(cf?.longitude), number(cf?.latitude)];
  const known = !Number.isNaN(longitude + latitude);
  const part = known && PARTS[continent]?.find(({ holds }) => holds(longitude, latitude));
  return part || { name: continent, hint: HINTS[continent] };
}
function number(said) {
  return typeof said === "string" && said.trim() !== "" ? Number(said) : NaN;
}

// src/requests/place.ts
var LOCAL = /^(localhost|.+\.localhost|[\d.]+|\[.+\])$/;
function shardsOf(env) {
  return Math.floor(setting(env.SHARDS, 1, 1));
}
function placeOf(request, env, shard2 = randomShard(env)) {
  const local = LOCAL.test(new URL(request.url).hostname);
  const said = (value2) => !local && typeof value2 === "string" && value2 ? value2 : null;
  const continent = said(request.cf?.continent);
  const { name, hint } = regionOf(continent ?? "default", local ? void 0 : request.cf);
  const colo = said(request.cf?.colo);
  return { place: { object: objectOf(env, name, shard2), continent, colo, local }, hint, shard: shard2 };
}
function objectOf(env, region, shard2) {
  return shardsOf(env) > 1 ? `${region}#${shard2}` : region;
}
function randomShard(env) {
  return Math.floor(Math.random() * shardsOf(env));
}
async function ask2(env, { place: place2, hint }, question) {
  const options2 = hint ? { locationHint: hint } : {};
  const attempt = () => question(env.CLASSIFIER.getByName(place2.object, options2));
  const settled = await attempt().catch((error) => {
    if (!isLost(error)) throw busyOr(error);
    return attempt().catch((again) => {
      throw busyOr(again);
    });
  });
  if (settled.ok) return settled.value;
  throw new Problem(settled.problem);
}
function isLost(error) {
  if (has(error, "overloaded")) return false;
  return has(error, "retryable") || has(error, "durableObjectReset");
}
function busyOr(error) {
  if (!isLost(error) && !has(error, "overloaded")) return error;
  const detail = "The Durable Object was moved or has too much to do; send the request again.";
  return problem(503, "busy", "Try again", detail, { "Retry-After": "1" });
}
function has(error, flag) {
  return error instanceof Error && Reflect.get(error, flag) === true;
}

// src/requests/classify.ts
async function classify(request, env, note2) {
  const encoding = encodingOf(request);
  const octets = encoding === "octets" && wantsOctets(request.headers.get("Accept") ?? "*/*");
  const choice = choiceOf(request);
  const images = await readImages(request, encoding);
  note2.images = images.length / PIXELS;
  await countMore(request, env, note2.images - 1);
  note2.placement = placeOf(request, env);
  const { place: place2 } = note2.placement;
  const start = Date.now();
  const answer2 = await ask2(env, note2.placement, (object) => object.classify(images, choice));
  const { probabilities, labels: labels2, model, cold } = answer2;
  note2.cold = cold;
  note2.model = model.sha256;
  const headers2 = answerHeaders(answer2, place2, Date.now() - start);
  if (octets) {
    headers2["Content-Type"] = "application/octet-stream";
    return new Response(probabilities, { headers: headers2 });
  }
  const rows = Array.from({ length: images.length / PIXELS }, (_, i) => [
    ...probabilities.subarray(i * labels2, (i + 1) * labels2)
  ]);
  const body = encoding === "json" ? rows[0] : { probabilities: rows, model, cold, place: place2 };
  return Response.json(body, { headers: headers2 });
}
function choiceOf(request) {
  if (!request.url.includes("?")) return null;
  const given = new URL(request.url).searchParams.getAll("model");
  if (given.length === 0) return null;
  const [wanted] = given;
  if (given.length === 1 && (wanted === "current" || wanted === "candidate")) return wanted;
  const detail = `model is ${JSON.stringify(given.join().slice(0, 40))}; give current or candidate.`;
  throw problem(400, "wrong-model", "No such model", detail);
}
function wantsOctets(accept) {
  const weight = (type) => {
    const ranges = [type, `${type.split("/")[0]}/*`, "*/*"];
    const found = accept.split(",").map((part) => {
      const [range = "", ...parameters] = part.split(";").map((word) => word.trim().toLowerCase());
      const q = parameters.find((word) => word.startsWith("q="))?.slice(2);
      return { rank: ranges.indexOf(range), q: q === void 0 ? 1 : Number(q) };
    });
    const best = found.filter(({ rank }) => rank >= 0).sort((a, b) => a.rank - b.rank)[0];
    return best && best.q > 0 ? best.q : 0;
  };
  const [octets, json2] = [weight("application/octet-stream"), weight("application/json")];
  if (octets === 0 && json2 === 0) {
    throw problem(
      406,
      "not-acceptable",
      "Not acceptable",
      "Accept allows neither application/octet-stream nor application/json; ask for one of them."
    );
  }
  return octets >= json2;
}
function answerHeaders(answer2, place2, ms) {
  const { model, cold, loadMs, candidate } = answer2;
  const plain = /^[\w.+-]+$/.test(model.name);
  const timing = [`object;dur=${ms};desc="Durable Object, there and back"`];
  if (cold) timing.push(`load;dur=${loadMs};desc="weights from R2"`);
  return {
    "X-Model-Sha256": model.sha256,
    "X-Model-Name": plain ? model.name : encodeURIComponent(model.name),
    "X-Cold": cold ? "1" : "0",
    ...candidate ? { "X-Candidate-Sha256": candidate } : {},
    "X-Place": JSON.stringify(place2),
    "Server-Timing": timing.join(", "),
    "Cache-Control": "no-store"
  };
}

// src/network/digest.ts
async function sha256Of(bytes) {
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

// src/requests/conditional.ts
var KEPT2 = { "Cache-Control": "private, no-cache" };
async function keepable(request, body, headers2) {
  const tag = (await sha256Of(body)).slice(0, 32);
  return notModified(request, tag) ?? new Response(body, { headers: tagged(tag, headers2) });
}
function notModified(request, tag) {
  const has2 = (request.headers.get("If-None-Match") ?? "").split(",").map((word) => word.trim().replace(/^W\//, ""));
  if (!has2.includes(`"${tag}"`) && !has2.includes("*")) return null;
  return new Response(null, { status: 304, headers: tagged(tag) });
}
function tagged(tag, headers2 = {}) {
  return { ...KEPT2, ETag: `"${tag}"`, ...headers2 };
}

// src/requests/log.ts
function blankNote() {
  return { path: null, images: null, placement: null, cold: null, model: null };
}
function logRequest(request, status, ms, note2) {
  const { path, images, placement, cold, model } = note2;
  console.log(
    JSON.stringify({
      event: "request",
      method: request.method,
      path,
      status,
      ms,
      images,
      continent: placement?.place.continent ?? null,
      shard: placement?.shard ?? null,
      cold,
      model: model?.slice(0, 12) ?? null
    })
  );
}

// src/requests/model.ts
async function describe(request, env, note2) {
  const { place: place2 } = note2.placement = chosenPlace(request, env);
  const { layers, ...about } = await ask2(env, note2.placement, (object) => object.describe());
  note2.model = about.sha256;
  const { id: id2, tag, timestamp } = env.VERSION ?? {};
  const version = id2 ? { id: id2, tag: tag ?? "", timestamp: timestamp ?? null } : null;
  const where = { collects: collects(env), place: place2, shards: shardsOf(env), version };
  const body = JSON.stringify({ ...about, layers: JSON.parse(layers), ...where });
  return keepable(request, body, { "Content-Type": "application/json" });
}
async function weights(request, env, note2) {
  const placement = note2.placement = chosenPlace(request, env);
  const { sha256: sha2562, name, key, etag, bytes } = await ask2(env, placement, (object2) => object2.source());
  note2.model = sha2562;
  const have = notModified(request, sha2562);
  if (have) return have;
  const headers2 = tagged(sha2562, {
    "Content-Type": "application/octet-stream",
    "Content-Length": `${bytes}`,
    "Content-Disposition": `attachment; filename="${sha2562.slice(0, 12)}.safetensors"`,
    "X-Model-Sha256": sha2562,
    "X-Model-Name": encodeURIComponent(name)
  });
  if (request.method === "HEAD") return new Response(null, { headers: headers2 });
  const object = await env.MODELS.get(key, { onlyIf: { etagMatches: etag } });
  if (object && "body" in object) return new Response(object.body, { headers: headers2 });
  const detail = `The weights ${sha2562.slice(0, 12)} serve, but ${key} in the bucket is no longer what was loaded. Push a file, or promote one: the next request then finds it.`;
  throw problem(503, "weights-gone", "Weights not in the bucket", detail, { "Retry-After": "2" });
}
async function health(request, env, note2) {
  const placement = note2.placement = placeOf(request, env);
  await ask2(env, placement, (object) => object.source());
  return Response.json({ status: "ok" }, { headers: { "Cache-Control": "no-store" } });
}
function chosenPlace(request, env) {
  const given = new URL(request.url).searchParams.getAll("shard");
  const last = shardsOf(env) - 1;
  const wanted = given.length === 0 ? "0" : given.join();
  if (/^\d{1,6}$/.test(wanted) && Number(wanted) <= last) {
    return placeOf(request, env, Number(wanted));
  }
  const detail = `shard is ${JSON.stringify(wanted.slice(0, 40))}; give a whole number 0 to ${last}.`;
  throw problem(400, "wrong-shard", "No such shard", detail);
}

// src/requests/trace.ts
async function trace(request, env, note2) {
  if (env.TRACE !== "on") {
    const detail = "This edge does not tell what its layers give; whoever deployed it can set TRACE to on.";
    throw problem(404, "trace-off", "Traces are off", detail);
  }
  const image = await readImages(request, encodingOf(request));
  note2.images = image.length / PIXELS;
  if (image.length !== PIXELS) {
    const detail = `The body has ${image.length / PIXELS} images; a trace is of one.`;
    throw problem(400, "wrong-shape", "Wrong shape", detail);
  }
  const placement = note2.placement = placeOf(request, env);
  const { file, model } = await ask2(env, placement, (object) => object.trace(image));
  note2.model = model;
  const headers2 = { "Content-Type": "application/octet-stream", "X-Model-Sha256": model };
  return new Response(file, {
    headers: { ...headers2, "X-Place": JSON.stringify(placement.place), "Cache-Control": "no-store" }
  });
}

// src/object/release.ts
var POINTER = "mnist/current.json";
var PLAIN = "mnist.safetensors";
var MAX_POINTER_BYTES = 64 << 10;
async function look(bucket, seen) {
  const pointer = await bucket.get(POINTER, unless(POINTER, seen));
  if (pointer) return "body" in pointer ? followPointer(bucket, pointer) : "unchanged";
  const plain = await bucket.get(PLAIN, unless(PLAIN, seen));
  if (!plain) return "empty";
  if (!("body" in plain)) return "unchanged";
  return {
    seen: sight(plain),
    key: PLAIN,
    sha256: null,
    pushedAt: plain.uploaded.toISOString(),
    read: () => download(plain, null, null),
    candidate: null,
    previous: () => Promise.resolve(null)
  };
}
function sight(object) {
  return `${object.key} ${object.etag}`;
}
function unless(key, seen) {
  const etag = seen?.startsWith(`${key} `) ? seen.slice(key.length + 1) : void 0;
  return { onlyIf: etag === void 0 ? {} : { etagDoesNotMatch: etag } };
}
async function followPointer(bucket, pointer) {
  const pushedAt = pointer.uploaded.toISOString();
  let before = null;
  const previous = () => readPrevious(bucket, before);
  const offer = { seen: sight(pointer), key: POINTER, sha256: null, pushedAt, previous, candidate: null };
  const refuse = (reason) => ({
    ...offer,
    read: () => Promise.reject(new WeightsRefused(`${POINTER} ${reason}`))
  });
  if (pointer.size > MAX_POINTER_BYTES) {
    await pointer.body.cancel();
    return refuse(`has ${pointer.size} bytes, at most ${MAX_POINTER_BYTES} are allowed`);
  }
  const text2 = await pointer.text();
  let value2;
  try {
    value2 = JSON.parse(text2);
  } catch {
    return refuse("is not JSON");
  }
  if (!isObject(value2)) return refuse("is not a JSON object");
  const { sha256: sha2562, key, bytes } = value2;
  before = value2.previous;
  if (!isSha256(sha2562)) {
    return refuse(`has sha256 ${show(sha2562)}, not 64 hexadecimal digits`);
  }
  if (key !== keyOf(sha2562)) {
    return refuse(`has key ${show(key)}, not mnist/<sha256>.safetensors`);
  }
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) {
    return refuse(`has bytes ${show(bytes)}, not a size`);
  }
  return {
    ...offer,
    candidate: candidateOf(bucket, value2.candidate),
    key,
    sha256: sha2562,
    pushedAt: typeof value2.pushed_at === "string" ? value2.pushed_at : pushedAt,
    read: () => fetchFile(bucket, sha2562, bytes)
  };
}
async function fetchFile(bucket, sha2562, bytes) {
  const key = keyOf(sha2562);
  const object = await bucket.get(key);
  if (!object) throw new WeightsRefused(`${POINTER} points at ${key}, which is not there`, true);
  return download(object, bytes, sha2562);
}
function candidateOf(bucket, value2) {
  if ((value2 ?? null) === null) return null;
  const refuse = (reason) => ({
    ...{ sha256: null, percent: 0, shadow: false, proposedAt: "" },
    read: () => Promise.reject(new WeightsRefused(`${POINTER} has a candidate ${reason}`))
  });
  if (!isObject(value2)) return refuse("that is no JSON object");
  const { sha256: sha2562, bytes, percent, shadow, proposed_at: at } = value2;
  if (!isSha256(sha2562)) return refuse(`with sha256 ${show(sha2562)}, not 64 hexadecimal digits`);
  if (typeof percent !== "number" || !(percent >= 0 && percent <= 100)) {
    return refuse(`with percent ${show(percent)}, not 0 to 100`);
  }
  if (typeof bytes !== "number" || !Number.isSafeInteger(bytes) || bytes < 0) {
    return refuse(`with bytes ${show(bytes)}, not a size`);
  }
  if (typeof shadow !== "boolean") return refuse(`with shadow ${show(shadow)}, not true or false`);
  const proposedAt = typeof at === "string" ? at : "";
  return { sha256: sha2562, percent, shadow, proposedAt, read: () => fetchFile(bucket, sha2562, bytes) };
}
function isSha256(value2) {
  return typeof value2 === "string" && /^[0-9a-f]{64}$/.test(value2);
}
function keyOf(sha2562) {
  return `mnist/${sha2562}.safetensors`;
}
async function readPrevious(bucket, sha2562) {
  const object = isSha256(sha2562) ? await bucket.get(keyOf(sha2562)) : null;
  if (!object) return null;
  const { key, uploaded } = object;
  return { ...await download(object, null, sha2562), key, pushedAt: uploaded.toISOString() };
}
async function download(object, bytes, expected) {
  const { key, size: size2, etag } = object;
  const passing = expected !== null;
  if (size2 > MAX_FILE_BYTES || bytes !== null && size2 !== bytes) {
    await object.body.cancel();
    const limit = size2 > MAX_FILE_BYTES ? `at most ${MAX_FILE_BYTES} are allowed` : `${POINTER} says ${bytes}`;
    throw new WeightsRefused(`${key} has ${size2} bytes, ${limit}`, passing);
  }
  const file = new Uint8Array(await object.arrayBuffer());
  const sha2562 = await sha256Of(file);
  if (expected !== null && sha2562 !== expected) {
    const reason = `${key} has sha256 ${sha2562}: these are not the bytes pushed`;
    throw new WeightsRefused(reason, passing);
  }
  return { file, sha256: sha2562, etag };
}

// src/network/fields.ts
var TINY = 1e-30;
var Fields = class _Fields {
  constructor(value2, where) {
    this.where = where;
    if (!isObject(value2)) throw new WeightsRefused(`${where} is ${show(value2)}, not an object`);
    this.entries = new Map(Object.entries(value2));
  }
  where;
  entries;
  has(name) {
    return this.entries.has(name);
  }
  get(name) {
    return this.entries.get(name);
  }
  /** An object that may be missing. */
  notes(name) {
    return new _Fields(this.entries.has(name) ? this.get(name) : {}, name);
  }
  text(name) {
    const value2 = this.get(name);
    if (typeof value2 !== "string" || [...value2].length > 200) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value2)}, not a short text`);
    }
    return value2;
  }
  number(name, { fallback, least } = {}) {
    const value2 = this.entries.has(name) ? this.get(name) : fallback;
    if (typeof value2 !== "number" || !(Math.abs(value2) < 1e30)) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value2)}, not a finite number`);
    }
    if (least !== void 0 && value2 < least) {
      throw new WeightsRefused(`${this.where}: ${name} is ${value2}, not above 0, at least ${least}`);
    }
    return value2;
  }
  /** A whole number 1 to 28, as strides and window sizes are. */
  count(name, fallback, most = 28) {
    const value2 = this.entries.has(name) ? this.get(name) : fallback;
    if (!Number.isInteger(value2) || value2 < 1 || value2 > most) {
      throw new WeightsRefused(
        `${this.where}: ${name} is ${show(value2)}, not a whole number 1 to ${most}`
      );
    }
    return value2;
  }
  /** Padding before and after, 0 to 28; one number is both. `same` is what that word means. */
  padding(fallback, same) {
    const value2 = this.entries.has("padding") ? this.get("padding") : fallback;
    if (same && value2 === "valid") return [0, 0];
    if (same && value2 === "same") return same;
    const sides = Array.isArray(value2) ? value2 : [value2, value2];
    if (sides.length !== 2 || !sides.every((n) => Number.isInteger(n) && n >= 0 && n <= 28)) {
      const words = same ? "valid, same, " : "";
      throw new WeightsRefused(
        `${this.where}: padding is ${show(value2)}, not ${words}0 to 28 or two such numbers`
      );
    }
    return sides;
  }
  /** Refuses other fields: a `groups` that is overlooked would give wrong answers in silence. */
  only(...names) {
    for (const name of this.entries.keys()) {
      if (!names.includes(name)) {
        throw new WeightsRefused(`${this.where}: field ${show(name)} is unknown`);
      }
    }
  }
};

// src/network/ops.ts
var MAX_ACTIVATION = 1 << 20;
function reach({ weight, dilation }) {
  return dilation * ((weight.shape[2] || 1) - 1) + 1;
}
function isDepthwise({ weight, groups }, before) {
  return groups > 1 && groups === before.c && groups === weight.shape[0];
}
function readLayer(fields, tensors) {
  const op = fields.text("op");
  const tensor = (name) => {
    const found = tensors.get(name);
    if (found) return found;
    throw new WeightsRefused(`${fields.where}: tensor ${show(name)} is not in the file`);
  };
  const bias = () => (fields.get("bias") ?? null) === null ? null : tensor(fields.text("bias"));
  switch (op) {
    case "conv2d": {
      fields.only("op", "weight", "bias", "stride", "padding", "dilation", "groups");
      const weight = tensor(fields.text("weight"));
      const [dilation, groups] = [fields.count("dilation", 1), fields.count("groups", 1, 1 << 20)];
      const gap = dilation * ((weight.shape[2] || 1) - 1);
      const [low, high] = fields.padding("valid", [Math.floor(gap / 2), Math.ceil(gap / 2)]);
      const stride = fields.count("stride", 1);
      return { op, weight, bias: bias(), stride, low, high, dilation, groups };
    }
    case "batchnorm2d":
    case "batchnorm1d": {
      fields.only("op", "prefix", "eps");
      const of = (name) => tensor(`${fields.text("prefix")}.${name}`);
      const eps = fields.number("eps", { fallback: 1e-5, least: TINY });
      const [mean, variance] = [of("running_mean"), of("running_var")];
      const below = variance.data.find((x) => x < 0);
      if (below !== void 0) {
        throw new WeightsRefused(`${fields.where}: a running variance is ${below}, below 0`);
      }
      return { op, weight: of("weight"), bias: of("bias"), mean, var: variance, eps };
    }
    case "maxpool2d":
    case "avgpool2d": {
      fields.only("op", "size", "stride", "padding");
      const size2 = fields.count("size");
      const [low, high] = fields.padding(0);
      if (Math.max(low, high) >= size2) {
        const both = `${low} and ${high}`;
        throw new WeightsRefused(`${fields.where}: padding is ${both}, not less than size ${size2}`);
      }
      return { op, size: size2, stride: fields.count("stride", size2), low, high };
    }
    case "linear":
      fields.only("op", "weight", "bias");
      return { op, weight: tensor(fields.text("weight")), bias: bias() };
    case "leakyrelu": {
      fields.only("op", "slope");
      const slope = fields.number("slope", { fallback: 0.01 });
      if (slope < 0 || slope > 1) {
        throw new WeightsRefused(`${fields.where}: slope is ${slope}, not 0 to 1`);
      }
      return { op, slope };
    }
    case "relu":
    case "gelu":
    case "tanh":
    case "sigmoid":
    case "globalavgpool2d":
    case "flatten":
      fields.only("op");
      return { op };
    default:
      throw new WeightsRefused(
        `${fields.where}: op ${show(op)} is unknown; known are conv2d, batchnorm2d, batchnorm1d, relu, leakyrelu, gelu, tanh, sigmoid, maxpool2d, avgpool2d, globalavgpool2d, flatten, linear`
      );
  }
}
function shapeAfter(layer, shape, where) {
  const need = (tensor, expected, what) => {
    if (tensor && tensor.shape.join() !== expected.join()) {
      const found = show(tensor.shape);
      throw new WeightsRefused(`${where}: ${what} has shape ${found}, not ${show(expected)}`);
    }
  };
  switch (layer.op) {
    case "relu":
    case "leakyrelu":
    case "gelu":
    case "tanh":
    case "sigmoid":
      return shape;
    case "flatten":
      return { c: shape.c * shape.h * shape.w, h: 1, w: 1, flat: true };
    case "linear": {
      if (!shape.flat) throw new WeightsRefused(`${where}: linear needs a flatten before it`);
      const out2 = layer.weight.shape[0] || 1;
      need(layer.weight, [out2, shape.c], "weight");
      need(layer.bias, [out2], "bias");
      return { c: out2, h: 1, w: 1, flat: true };
    }
  }
  if (shape.flat !== (layer.op === "batchnorm1d")) {
    const wrong = shape.flat ? "cannot follow a flatten" : "needs a flatten before it";
    throw new WeightsRefused(`${where}: ${layer.op} ${wrong}`);
  }
  if (layer.op === "batchnorm2d" || layer.op === "batchnorm1d") {
    for (const part of ["weight", "bias", "mean", "var"]) {
      need(layer[part], [shape.c], part);
    }
    return shape;
  }
  if (layer.op === "globalavgpool2d") return { ...shape, h: 1, w: 1 };
  let [k, out] = [0, shape.c];
  if (layer.op === "conv2d") {
    const { weight, bias, groups } = layer;
    const side = weight.shape[2] || 1;
    [k, out] = [reach(layer), weight.shape[0] || 1];
    need(weight, [out, Math.floor(shape.c / groups), side, side], "weight");
    if (shape.c % groups !== 0 || out % groups !== 0) {
      throw new WeightsRefused(`${where}: ${groups} groups do not divide ${shape.c} and ${out}`);
    }
    need(bias, [out], "bias");
  } else {
    k = layer.size;
  }
  const border = layer.low + layer.high;
  const [rows, columns] = [shape.h + border, shape.w + border];
  if (k > rows || k > columns) {
    throw new WeightsRefused(`${where}: a window of ${k} is larger than the input ${size(shape)}`);
  }
  const along = (length) => Math.floor((length - k) / layer.stride) + 1;
  const after = { c: out, h: along(rows), w: along(columns), flat: false };
  const largest = Math.max(rows * columns * shape.c, after.h * after.w * out);
  if (largest > MAX_ACTIVATION) {
    throw new WeightsRefused(
      `${where} needs ${largest} numbers an image, at most ${MAX_ACTIVATION} are allowed`
    );
  }
  return after;
}
function size(shape) {
  return shape.flat ? `${shape.c} values` : `${shape.c}x${shape.h}x${shape.w}`;
}

// src/network/cost.ts
var MAX_COST = 25e7;
var MAX_ROOM = 7e6;
var four = (channels) => 4 * Math.ceil(channels / 4);
var area = (shape, border = 0) => (shape.h + border) * (shape.w + border);
var numbers2 = (shape) => four(shape.c) * area(shape);
var inputs = (index, shape) => index === 0 ? 1 : four(shape.c);
function cost(layers) {
  const each = layers.map(({ layer, before, after }, index) => {
    switch (layer.op) {
      case "conv2d": {
        const size2 = reach(layer);
        const pixels = size2 === 3 ? 4 * Math.ceil(area(after) / 24) : Math.ceil(area(after) / 6);
        const tile = 48 * size2 * size2 * inputs(index, before) + 100 * size2 + 300;
        const pad = layer.low + layer.high;
        const border = pad > 0 ? 10 * inputs(index, before) * area(before, pad) : 0;
        if (isDepthwise(layer, before)) return (40 + 5 * size2 * size2) * numbers2(after) + border;
        return pixels * Math.ceil(after.c / 8) * tile + border;
      }
      case "maxpool2d":
      case "avgpool2d":
        return (40 + 3 * layer.size * layer.size) * numbers2(after);
      case "globalavgpool2d":
        return 40 * numbers2(after) + 3 * numbers2(before);
      case "linear":
        if (index === layers.length - 1) return 14 * layer.weight.data.length;
        return 16 * Math.ceil(after.c / 8) * numbers2(before);
      case "gelu":
        return 24 * numbers2(before);
      case "tanh":
      case "sigmoid":
        return 60 * numbers2(before);
      default:
        return (layer.op === "flatten" ? 16 : 10) * numbers2(before);
    }
  });
  return each.reduce((sum, one) => sum + one, 600 * (layers.at(-1)?.after.c ?? 0));
}
function room(layers) {
  let [kept3, unpacked, largest] = [0, 0, 0];
  for (const [index, { layer, before, after }] of layers.entries()) {
    largest = Math.max(largest, numbers2(before), numbers2(after));
    if (layer.op === "conv2d") {
      const size2 = reach(layer);
      const own = size2 === 3 ? 36 * inputs(index, before) : size2 * size2 * inputs(index, before);
      kept3 += ((isDepthwise(layer, before) ? size2 * size2 : own) + 1) * four(after.c);
      const pad = layer.low + layer.high;
      if (pad > 0) largest = Math.max(largest, inputs(index, before) * area(before, pad));
    } else if (layer.op === "linear") {
      kept3 += after.c * numbers2(before) + four(after.c);
    } else if ("mean" in layer) {
      kept3 += 2 * four(before.c);
    }
    if ("weight" in layer && !("mean" in layer)) {
      unpacked = Math.max(unpacked, layer.weight.data.length);
    }
  }
  return kept3 + unpacked + 6 * largest;
}

// src/network/weights.ts
var FORMAT2 = "mnist-nb.network/1";
var MAX_LAYERS = 64;
var MAX_LABELS = 1e3;
function readWeights(bytes) {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.get("format") !== FORMAT2) {
    throw new WeightsRefused(`its format is ${show(metadata.get("format"))}, not "${FORMAT2}"`);
  }
  const network = new Fields(parse(metadata.get("network")), "the network");
  const input = new Fields(network.get("input"), "input");
  if (show(input.get("shape")) !== "[1,28,28]") {
    throw new WeightsRefused(`input shape is ${show(input.get("shape"))}, not [1,28,28]`);
  }
  const labels2 = network.get("labels");
  if (!Array.isArray(labels2) || !(labels2.length >= 2 && labels2.length <= MAX_LABELS) || !labels2.every((label) => typeof label === "string")) {
    throw new WeightsRefused(`labels are ${show(labels2)}, not 2 to ${MAX_LABELS} texts`);
  }
  const described = network.get("layers");
  if (!Array.isArray(described) || !(described.length >= 1 && described.length <= MAX_LAYERS)) {
    throw new WeightsRefused(`layers are ${show(described)}, not a list of 1 to ${MAX_LAYERS}`);
  }
  const layers = [];
  let shape = { c: 1, h: 28, w: 28, flat: false };
  for (const [index, entry] of described.entries()) {
    const fields = new Fields(entry, `layer ${index}`);
    const layer = readLayer(fields, tensors);
    const after = shapeAfter(layer, shape, fields.where);
    layers.push({ layer, before: shape, after });
    shape = after;
  }
  const work = cost(layers);
  if (work > MAX_COST) {
    throw new WeightsRefused(
      `it costs as much as ${work} multiply-adds an image, at most ${MAX_COST} are allowed: use fewer or smaller layers`
    );
  }
  const needed = room(layers);
  if (needed > MAX_ROOM) {
    throw new WeightsRefused(
      `packed it needs room for ${needed} numbers, at most ${MAX_ROOM} are allowed: use fewer or smaller layers`
    );
  }
  if (!shape.flat || shape.c !== labels2.length) {
    throw new WeightsRefused(`its last layer gives ${size(shape)} for ${labels2.length} labels`);
  }
  network.notes("training");
  return {
    name: network.text("name"),
    scale: input.number("scale", { least: TINY }),
    mean: input.number("mean"),
    std: input.number("std", { least: TINY }),
    labels: labels2,
    layers,
    described,
    cost: work,
    room: needed,
    parameters: countParameters(layers),
    notSureBelow: notSureBelow(network)
  };
}
function notSureBelow(network) {
  const value2 = network.notes("metrics").get("not_sure_below");
  return typeof value2 === "number" && value2 >= 0 && value2 <= 1 ? value2 : null;
}
function parse(text2) {
  if (typeof text2 !== "string") throw new WeightsRefused("its metadata has no text `network`");
  try {
    return strictJson(text2);
  } catch (error) {
    const reason = error.message;
    throw new WeightsRefused(`\`network\` in its metadata is not JSON: ${reason}`);
  }
}
function countParameters(layers) {
  const trained = /* @__PURE__ */ new Set();
  for (const { layer } of layers) {
    if (!("weight" in layer)) continue;
    trained.add(layer.weight);
    if (layer.bias) trained.add(layer.bias);
  }
  return [...trained].reduce((sum, tensor) => sum + tensor.data.length, 0);
}

// src/object/packed.ts
var packed = /* @__PURE__ */ new Map();
var MAX_PACKED = 32 << 20;
function used(model) {
  packed.delete(model.sha256);
  packed.set(model.sha256, model);
  let size2 = [...packed.values()].reduce((sum, { kernel }) => sum + kernel.size, 0);
  for (const [sha2562, { kernel }] of packed) {
    if (size2 <= MAX_PACKED) break;
    packed.delete(sha2562);
    size2 -= kernel.size;
  }
  return model;
}
function load({ file, sha256: sha2562, etag }) {
  const { layers, ...weights2 } = readWeights(file);
  const kernel = new Kernel({ ...weights2, layers });
  return { sha256: sha2562, bytes: file.length, etag, kernel, weights: weights2 };
}

// src/object/trial.ts
var ALLOWED = 5e-3;
var TOO_OFTEN = 0.05;
var ENOUGH = Math.log(1e3);
var FOR_A_DIFFERENCE = Math.log(TOO_OFTEN / ALLOWED);
var FOR_AN_AGREEMENT = Math.log((1 - TOO_OFTEN) / (1 - ALLOWED));
var SAVE_MS = 5e3;
var TIMES = 200;
var MAX_WAITING = 16;
var KEY = "trial";
var Trial = class _Trial {
  constructor(about, model, current, ctx, id2, counts) {
    this.about = about;
    this.model = model;
    this.current = current;
    this.ctx = ctx;
    this.id = id2;
    this.counts = counts;
  }
  about;
  model;
  current;
  ctx;
  id;
  counts;
  waiting = 0;
  savedAt = 0;
  /**
   * Begins a trial, or goes on with the one that was kept or is under way.
   *
   * @throws WeightsRefused the candidate cannot be tried beside these weights.
   */
  static async begin(about, model, current, ctx, before) {
    if (model.sha256 === current.sha256) {
      throw new WeightsRefused("the candidate is the file that is served");
    }
    const [ours, theirs] = [model, current].map(({ weights: weights2 }) => JSON.stringify(weights2.labels));
    if (ours !== theirs) throw new WeightsRefused("the candidate has other labels");
    const size2 = model.kernel.size + current.kernel.size;
    if (size2 > MAX_PACKED) {
      const reason = `packed, both take ${size2} bytes, and at most ${MAX_PACKED} are kept`;
      throw new WeightsRefused(reason);
    }
    const id2 = idOf(current.sha256, model.sha256, about.proposedAt);
    const underWay = before?.kept;
    const found = underWay?.id === id2 ? underWay : await ctx.storage.get(KEY);
    const counts = found?.id === id2 ? found.counts : noCounts(model.weights.labels.length);
    return new _Trial(about, model, current, ctx, id2, counts);
  }
  /**
   * The answer of one of the two to one image, uint8 784; null: the current one shall give it.
   *
   * @param chosen the client wants that of the current one.
   */
  answer(image, current, chosen) {
    if (current !== this.current || this.counts.stopped !== null) return null;
    const isDrawn = !this.about.shadow && hash(image) % 1e4 < 100 * this.about.percent;
    const isTried = isDrawn && !chosen;
    const [first, second] = isTried ? [this.model, this.current] : [this.current, this.model];
    const [probabilities, ms] = timed(first, image);
    if (!probabilities.every(Number.isFinite)) {
      if (isTried) this.stop("it overflows float32 on an image");
      return null;
    }
    if (this.waiting < MAX_WAITING) {
      this.waiting++;
      const copy = image.slice();
      const later = new Promise((resolve) => setTimeout(resolve, 0)).then(() => {
        this.waiting--;
        this.compare(second, copy, probabilities, ms, isTried);
      });
      this.ctx.waitUntil(later);
    }
    const tally = isTried ? this.counts.candidate : this.counts.current;
    tally.answers++;
    return { probabilities, ...told(first) };
  }
  get description() {
    const { compared, disagreed, current, candidate, stopped } = this.counts;
    const [evidence, tallies2] = [this.counts.evidence / ENOUGH, [toldOf(current), toldOf(candidate)]];
    const counts = { compared, disagreed, evidence, current: tallies2[0], candidate: tallies2[1] };
    const state = stopped === null ? "on trial" : "stopped";
    const { sha256: sha2562, weights: weights2 } = this.model;
    const { name, notSureBelow: notSureBelow2 } = weights2;
    const about = { ...refusal(this.about, stopped), sha256: sha2562, name, not_sure_below: notSureBelow2 };
    return { ...about, state, counts };
  }
  get kept() {
    return { id: this.id, counts: this.counts };
  }
  compare(other, image, said, ms, isTried) {
    const { counts } = this;
    if (counts.stopped !== null) return;
    const [probabilities, otherMs] = timed(other, image);
    if (!probabilities.every(Number.isFinite)) {
      if (other === this.model) this.stop("it overflows float32 on an image");
      return;
    }
    const tried = isTried ? said : probabilities;
    const served = isTried ? probabilities : said;
    const [new_, old] = [
      note(counts.candidate, this.model, tried, isTried ? ms : otherMs),
      note(counts.current, this.current, served, isTried ? otherMs : ms)
    ];
    counts.compared++;
    const differs = new_.label !== old.label && (new_.isSure || old.isSure);
    counts.disagreed += Number(differs);
    counts.evidence += differs ? FOR_A_DIFFERENCE : FOR_AN_AGREEMENT;
    const reason = tooOften([counts]);
    if (reason) this.stop(reason);
    else if (Date.now() - this.savedAt > SAVE_MS) this.save();
  }
  stop(reason) {
    this.counts.stopped = reason;
    const { sha256: sha2562 } = this.model;
    console.warn(JSON.stringify({ event: "candidate stopped", sha256: sha2562, reason }));
    this.save();
  }
  save() {
    this.savedAt = Date.now();
    this.ctx.waitUntil(this.ctx.storage.put(KEY, this.kept, { allowUnconfirmed: true }));
  }
};
function idOf(current, candidate, proposedAt) {
  return `${current} ${candidate} ${proposedAt}`;
}
function tooOften(all) {
  const sum = (of) => all.reduce((n, one) => n + one[of], 0);
  const stopped = all.find((one) => one.stopped !== null)?.stopped ?? null;
  if (stopped !== null || sum("evidence") <= ENOUGH) return stopped;
  return `it differs in ${sum("disagreed")} of ${sum("compared")} images, of which one side was sure`;
}
async function kept2(trial, storage) {
  return trial?.kept ?? await storage.get(KEY) ?? null;
}
async function forget(storage) {
  await storage.delete(KEY, { allowUnconfirmed: true });
}
function refusal(about, reason) {
  const { sha256: sha2562, percent, shadow, proposedAt } = about;
  const fields = { sha256: sha2562, name: "", not_sure_below: null, percent, shadow, proposed_at: proposedAt };
  return { ...fields, state: "refused", reason, counts: null };
}
function told({ sha256: sha2562, weights: weights2 }) {
  return { labels: weights2.labels.length, model: { sha256: sha2562, name: weights2.name } };
}
function timed(model, image) {
  const start = performance.now();
  const probabilities = model.kernel.one(image);
  return [probabilities, performance.now() - start];
}
function note(tally, { weights: weights2 }, probabilities, ms) {
  const largest = Math.max(...probabilities);
  const label = probabilities.indexOf(largest);
  const isSure = largest >= (weights2.notSureBelow ?? 0);
  if (isSure) tally.labels[label]++;
  else tally.unsure++;
  if (ms > 0) tally.times = [...tally.times.slice(1 - TIMES), ms];
  return { label, isSure };
}
function toldOf({ times, ...tally }) {
  const sorted = times.toSorted((a, b) => a - b);
  const mean = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length;
  const p99 = sorted[Math.ceil(0.99 * sorted.length) - 1];
  return { ...tally, mean_ms: sorted.length > 0 ? mean : null, p99_ms: p99 ?? null };
}
function noCounts(labels2) {
  const tally = () => ({ answers: 0, unsure: 0, labels: Array(labels2).fill(0), times: [] });
  const none = { compared: 0, disagreed: 0, evidence: 0, stopped: null };
  return { current: tally(), candidate: tally(), ...none };
}
function hash(bytes) {
  let h = 2166136261;
  for (const byte of bytes) h = Math.imul(h ^ byte, 16777619);
  return (h ^ h >>> 15) >>> 0;
}

// src/watch.ts
var MAX_ASKED = 900;
var MAX_NOTES = 20;
async function watch(env) {
  const pointer = await env.MODELS.get(POINTER);
  if (!pointer || pointer.size > MAX_POINTER_BYTES) return;
  const said = parsed(await pointer.text());
  if (!isObject(said) || !isObject(said.candidate)) return;
  const { candidate, ...rest } = said;
  const id2 = idOf(`${said.sha256}`, `${candidate.sha256}`, `${candidate.proposed_at}`);
  const all = (await tallies(env)).filter((kept3) => kept3?.id === id2);
  const reason = tooOften(all.map((kept3) => kept3.counts));
  if (reason === null) return;
  const note2 = {
    what: "withdraw",
    sha256: `${candidate.sha256}`,
    name: `${candidate.name ?? ""}`,
    when: (/* @__PURE__ */ new Date()).toISOString(),
    who: "a cron of the Worker",
    why: reason,
    forced: false,
    before: `${said.sha256}`,
    commit: null
  };
  const trail = [...(Array.isArray(said.trail) ? said.trail : []).slice(1 - MAX_NOTES), note2];
  const etag = { etagMatches: pointer.etag };
  const done = await put(env.MODELS, POINTER, { ...rest, trail }, etag);
  const event = done ? "candidate withdrawn" : "pointer was moved meanwhile";
  console.warn(JSON.stringify({ event, sha256: note2.sha256, reason }));
  if (!done) return;
  const time2 = note2.when.replaceAll(/[-:]/g, "");
  const key = `mnist/releases/${time2}-${note2.sha256.slice(0, 8)}.json`;
  await put(env.MODELS, key, note2, { etagDoesNotMatch: "*" });
}
function tallies(env) {
  const shards = Array.from({ length: shardsOf(env) }, (_, shard2) => shard2);
  const objects = shards.flatMap(
    (shard2) => REGIONS.map(({ name, hint }) => ({ name: objectOf(env, name, shard2), hint }))
  );
  const asked = objects.slice(0, MAX_ASKED).map(async ({ name, hint }) => {
    try {
      return await env.CLASSIFIER.getByName(name, hint ? { locationHint: hint } : {}).tally();
    } catch (error) {
      console.error(JSON.stringify({ event: "object not asked", name, error: String(error) }));
      return null;
    }
  });
  return Promise.all(asked);
}
function put(bucket, key, value2, onlyIf) {
  const httpMetadata = { contentType: "application/json" };
  return bucket.put(key, JSON.stringify(value2, null, 1), { onlyIf, httpMetadata });
}
function parsed(text2) {
  try {
    return JSON.parse(text2);
  } catch {
    return null;
  }
}

// src/object/classifier.ts
import { DurableObject as DurableObject2 } from "cloudflare:workers";

// src/object/kept.ts
var ABOUT = "good";
var PART_BYTES = 1 << 20;
var partKey = (index) => `${ABOUT}/${index}`;
async function isKept(storage, sha2562, key) {
  const about = await storage.get(ABOUT);
  return about?.sha256 === sha2562 && about.key === key;
}
async function keep(storage, { file, ...about }) {
  const parts = Math.ceil(file.length / PART_BYTES);
  const entries = { [ABOUT]: { ...about, parts } };
  for (let i = 0; i < parts; i++) {
    entries[partKey(i)] = file.slice(i * PART_BYTES, (i + 1) * PART_BYTES);
  }
  await storage.put(entries, { allowUnconfirmed: true });
}
async function readKept2(storage) {
  const found = await storage.get(ABOUT);
  if (!found) return null;
  const { parts, ...about } = found;
  const keys = Array.from({ length: parts }, (_, i) => partKey(i));
  const values = await storage.get(keys);
  const file = new Uint8Array(await new Blob(keys.map((k) => values.get(k) ?? "")).arrayBuffer());
  return await sha256Of(file) === about.sha256 ? { ...about, file } : null;
}

// src/object/traced.ts
var MAX_NUMBERS = 1e6;
function traceFile(kernel, image) {
  if (kernel.traceable > MAX_NUMBERS) {
    const detail = `The layers give ${kernel.traceable} numbers, and a trace is of ${MAX_NUMBERS}.`;
    throw problem(413, "too-much", "Too much to tell", detail);
  }
  const parts = kernel.trace(image);
  let end = 0;
  const entry = ({ layer, shape, numbers: numbers3 }) => {
    const begin = end;
    end += numbers3.byteLength;
    return [layer, { dtype: "F32", shape, data_offsets: [begin, end] }];
  };
  const text2 = JSON.stringify(Object.fromEntries(parts.map(entry)));
  const header2 = new TextEncoder().encode(text2.padEnd(text2.length + (-text2.length & 7)));
  const file = new Uint8Array(8 + header2.length + end);
  new DataView(file.buffer).setUint32(0, header2.length, true);
  file.set(header2, 8);
  let at = 8 + header2.length;
  for (const { numbers: numbers3 } of parts) {
    file.set(new Uint8Array(numbers3.buffer), at);
    at += numbers3.byteLength;
  }
  return file;
}

// src/object/classifier.ts
var HOW_TO_PUSH = 'Push some from Python, `Releases().push("mnist.safetensors")`, or in deploy/ with `npx wrangler r2 object put models/mnist.safetensors --file FILE` (and --remote for the deployed edge, or --local before `wrangler dev` starts). The next request then finds them.';
var EMPTIED = "the bucket holds no weights any more; the last good ones serve on";
var BUCKET_SECONDS = 10;
var MAX_REQUEST_COST = 16e9;
var Classifier = class extends DurableObject2 {
  active = null;
  rejected = null;
  trial = null;
  /** A candidate that the pointer names and that cannot be tried. */
  untried = null;
  /** What the last look at the bucket saw, good or refused. */
  seen = null;
  lookedAt = 0;
  /** Why the last look failed. */
  trouble = null;
  running = null;
  next = null;
  /** uint8 N x 784 -> N x labels probabilities. */
  async classify(images, choice) {
    return settle(async () => {
      const cold = this.active === null;
      const start = Date.now();
      const { model: current } = await this.current();
      const loadMs = cold ? Date.now() - start : 0;
      const candidate = this.trial?.model.sha256 ?? null;
      const model = choice === "candidate" ? this.tried() : current;
      const most = Math.floor(MAX_REQUEST_COST / model.weights.cost);
      if (images.length > most * PIXELS) {
        const each = `The weights ${model.sha256.slice(0, 12)} take ${model.weights.cost} multiply-adds`;
        const detail = `${each} an image: send at most ${most} images a request.`;
        throw problem(413, "too-much", "Too much work", detail);
      }
      if (this.trial && images.length === PIXELS && model === current) {
        const tried = this.trial.answer(images, model, choice === "current");
        if (tried) return { ...tried, cold, loadMs, candidate };
      }
      const probabilities = await model.kernel.classify(images);
      if (!probabilities.every(Number.isFinite)) {
        throw problem(
          422,
          "not-finite",
          "No finite answer",
          `The weights ${model.sha256.slice(0, 12)} overflow float32 on this image. Roll back to other weights: in Python, \`Releases().rollback()\`.`
        );
      }
      return { probabilities, ...told(model), cold, loadMs, candidate };
    });
  }
  /** What this object has counted of a trial, without a look at the bucket. */
  tally() {
    return kept2(this.trial, this.ctx.storage);
  }
  /** What each layer gives for one image, uint8 784. */
  async trace(image) {
    return settle(async () => {
      const { model } = await this.current();
      return { file: traceFile(model.kernel, image), model: model.sha256 };
    });
  }
  /** What GET /model answers. */
  async describe() {
    return settle(async () => {
      const { model, key, pushedAt, loadedAt } = await this.current();
      const { sha256: sha2562, bytes, weights: weights2 } = model;
      const { name, parameters, labels: labels2, notSureBelow: notSureBelow2 } = weights2;
      const layers = JSON.stringify(weights2.described);
      const about = { sha256: sha2562, name, parameters, labels: labels2, layers, not_sure_below: notSureBelow2 };
      const when = { pushed_at: pushedAt, loaded_at: loadedAt };
      const candidate = this.trial?.description ?? this.untried;
      return { ...about, key, bytes, ...when, rejected: this.rejected, candidate };
    });
  }
  /** Where GET /model/weights finds the bytes. */
  async source() {
    return settle(async () => {
      const { model, key } = await this.current();
      const { sha256: sha2562, etag, bytes, weights: weights2 } = model;
      return { sha256: sha2562, name: weights2.name, key, etag, bytes };
    });
  }
  /**
   * The model to answer with.
   *
   * With a model in memory a request never waits: when the last look at the bucket is older than
   * MODEL_TTL_SECONDS, the next look goes on beside it. Only with MODEL_TTL_SECONDS = 0 each
   * request waits for a look that began after it arrived, so a push is in force at once (tests
   * want that).
   */
  async current() {
    const ttl = 1e3 * setting(this.env.MODEL_TTL_SECONDS, 5, 0);
    if (ttl === 0) await this.refresh();
    else if (this.active === null) await (this.running ?? this.refresh());
    else if (Date.now() - this.lookedAt >= ttl) this.ctx.waitUntil(this.refresh());
    if (this.active !== null) return this.active;
    const why = this.trouble ?? (this.rejected && `The weights in the bucket are refused: ${this.rejected.reason}.`) ?? "The bucket holds no weights.";
    const headers2 = { "Retry-After": "2" };
    throw problem(503, "no-model", "No model yet", `${why} ${HOW_TO_PUSH}`, headers2);
  }
  /**
   * Looks at the bucket once, after now. One look at a time: calls made during a look share the one
   * that follows it, however many they are.
   */
  refresh() {
    if (this.running === null) {
      this.running = this.lookOnce().finally(() => {
        this.running = null;
      });
      return this.running;
    }
    this.next ??= this.running.then(() => {
      this.next = null;
      return this.refresh();
    });
    return this.next;
  }
  /** Takes what the bucket offers into service. Never throws; the last good model stays. */
  async lookOnce() {
    this.lookedAt = Date.now();
    let offer;
    try {
      offer = await inTime(look(this.env.MODELS, this.seen));
    } catch (error) {
      console.error(JSON.stringify({ event: "bucket not read", error: String(error) }));
      this.trouble = "The bucket could not be read; the next request tries again.";
      await this.fallBack(null);
      return;
    }
    this.trouble = null;
    if (offer === "unchanged") return;
    if (offer === "empty") {
      this.seen = null;
      await this.fallBack(null);
      if (this.active === null) this.rejected = null;
      else if (this.rejected?.reason !== EMPTIED) this.reject(null, null, EMPTIED);
      return;
    }
    try {
      const known = this.known(offer.sha256);
      const download2 = known ? null : await inTime(offer.read());
      const model = download2 ? this.pack(download2) : used(known);
      const { key, pushedAt, seen } = offer;
      this.active = { model, key, pushedAt, loadedAt: (/* @__PURE__ */ new Date()).toISOString() };
      this.seen = seen;
      this.ctx.waitUntil(this.remember(offer, model.sha256, download2));
      await this.tryOut(offer.candidate, model);
      const ms = Date.now() - this.lookedAt;
      const log = { event: "weights in service", key, sha256: model.sha256, ms };
      console.log(JSON.stringify(log));
    } catch (error) {
      const refused = error instanceof WeightsRefused;
      this.seen = refused && !error.passing ? offer.seen : null;
      const reason = refused ? error.message : "they could not be loaded; it is tried again";
      this.reject(offer.key, offer.sha256, reason);
      const log = { event: "weights rejected", ...this.rejected, error: String(error) };
      console.warn(JSON.stringify(log));
      await this.fallBack(offer);
    }
  }
  reject(key, sha2562, reason) {
    this.rejected = { key, sha256: sha2562, reason, at: (/* @__PURE__ */ new Date()).toISOString() };
  }
  /** Begins, goes on with or ends the trial of a candidate. Never throws: the model serves on. */
  async tryOut(candidate, current) {
    const before = this.trial;
    this.trial = this.untried = null;
    if (candidate === null) {
      if (before) this.ctx.waitUntil(forget(this.ctx.storage));
      return;
    }
    try {
      const known = candidate.sha256 ? this.known(candidate.sha256) : void 0;
      const model = known ? used(known) : this.pack(await inTime(candidate.read()));
      this.trial = await Trial.begin(candidate, model, current, this.ctx, before);
    } catch (error) {
      const refused = error instanceof WeightsRefused;
      if (!refused || error.passing) this.seen = null;
      const reason = refused ? error.message : "it could not be loaded; it is tried again";
      this.untried = refusal(candidate, reason);
      console.warn(JSON.stringify({ event: "candidate rejected", ...this.untried }));
    }
  }
  /** Keeps what has come into service, for the time after an eviction. */
  async remember(offer, sha2562, read) {
    const { key, pushedAt } = offer;
    const { storage } = this.ctx;
    try {
      if (await isKept(storage, sha2562, key)) return;
      const download2 = read ?? await inTime(offer.read());
      if (this.active?.model.sha256 !== sha2562) return;
      await keep(storage, { ...download2, key, pushedAt });
    } catch (error) {
      console.error(JSON.stringify({ event: "weights not kept", error: String(error) }));
    }
  }
  /**
   * When nothing serves and what the bucket offers cannot: what this object served last, else what
   * the pointer says was served before.
   */
  async fallBack(offer) {
    for (const find of [() => readKept2(this.ctx.storage), () => offer?.previous()]) {
      if (this.active !== null) return;
      try {
        const found = await find();
        if (!found) continue;
        const { key, pushedAt, sha256: sha2562 } = found;
        const model = this.pack(found);
        this.active = { model, key, pushedAt, loadedAt: (/* @__PURE__ */ new Date()).toISOString() };
        console.warn(JSON.stringify({ event: "last good weights in service", key, sha256: sha2562 }));
      } catch (error) {
        console.error(JSON.stringify({ event: "no last good weights", error: String(error) }));
      }
    }
  }
  /** What is on trial beside what serves. */
  tried() {
    if (this.trial) return this.trial.model;
    const detail = "Nothing is on trial beside what serves: ask without ?model=, or propose weights.";
    throw problem(404, "no-candidate", "No candidate", detail);
  }
  known(sha2562) {
    return this.active?.model.sha256 === sha2562 ? this.active.model : packed.get(sha2562 ?? "");
  }
  /** Those weights, packed at most once. */
  pack(download2) {
    return used(this.known(download2.sha256) ?? load(download2));
  }
};
async function settle(work) {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.fields };
    throw error;
  }
}
async function inTime(reading) {
  const { promise: late, reject } = Promise.withResolvers();
  const problem3 = new Error(`the bucket did not answer in ${BUCKET_SECONDS} s`);
  const timer = setTimeout(() => reject(problem3), 1e3 * BUCKET_SECONDS);
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
  }
}

// src/worker.ts
var ROUTES = /* @__PURE__ */ new Map([
  ["/classify", { POST: admitted(classify) }],
  ["/trace", { POST: admitted(trace) }],
  ["/drawings", { POST: admitted(keepDrawing), DELETE: admitted(takeBack) }],
  ["/bets", { GET: admitted(bets), HEAD: admitted(bets), POST: admitted(bets) }],
  ["/model", { GET: admitted(describe), HEAD: admitted(describe) }],
  ["/model/weights", { GET: admitted(weights), HEAD: admitted(weights) }],
  ["/healthz", { GET: health, HEAD: health }],
  ["/openapi.json", { GET: openapi, HEAD: openapi }]
]);
var worker_default = {
  async fetch(request, env) {
    const start = Date.now();
    const note2 = blankNote();
    let response;
    try {
      response = await route(request, env, note2);
    } catch (error) {
      response = error instanceof Problem ? problemResponse(error.fields) : unforeseen(error);
    }
    const answer2 = request.method === "HEAD" ? new Response(null, response) : response;
    answer2.headers.set("X-Content-Type-Options", "nosniff");
    for (const [name, value2] of Object.entries(corsHeaders(request, env))) {
      answer2.headers.append(name, value2);
    }
    logRequest(request, answer2.status, Date.now() - start, note2);
    return answer2;
  },
  /** Only where wrangler.jsonc has a cron. */
  async scheduled(_, env) {
    await watch(env);
  }
};
async function route(request, env, note2) {
  const { pathname } = new URL(request.url);
  const methods = ROUTES.get(pathname);
  if (methods) note2.path = pathname;
  await countMore(request, env, 1);
  if (!methods) return asset(request, env, note2);
  const handler = Object.hasOwn(methods, request.method) ? methods[request.method] : void 0;
  return handler ? handler(request, env, note2) : otherMethod(request, Object.keys(methods));
}
function admitted(handler) {
  return async (request, env, note2) => {
    await admit(request, env);
    return handler(request, env, note2);
  };
}
async function openapi(request, env) {
  return keepable(request, JSON.stringify(openapiOf(shardsOf(env))), { "Content-Type": "application/json" });
}
async function asset(request, env, note2) {
  const reading = request.method === "GET" || request.method === "HEAD";
  const probe = reading ? request : new Request(request.url, { method: "HEAD" });
  const response = await env.ASSETS.fetch(probe);
  const { pathname } = new URL(request.url);
  if (response.status === 404) {
    const known = [...ROUTES.keys()].join(", ");
    const detail = `There is no ${pathname.slice(0, 100)} here, but /, ${known}.`;
    throw problem(404, "unknown-path", "Not found", detail);
  }
  note2.path = pathname;
  if (!reading) return otherMethod(request, ["GET", "HEAD"]);
  return new Response(response.body, response);
}
function otherMethod(request, methods) {
  const allow = [...methods, "OPTIONS"].join(", ");
  if (request.method === "OPTIONS") {
    return new Response(null, { status: 204, headers: { Allow: allow } });
  }
  const detail = `${request.method} is not possible here; use ${methods.join(" or ")}.`;
  throw problem(405, "wrong-method", "Method not allowed", detail, { Allow: allow });
}
export {
  Classifier,
  Collected,
  worker_default as default
};
