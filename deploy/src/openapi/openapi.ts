/**
 * The protocol as OpenAPI 3.1, served at /openapi.json. tests/deploy/test_openapi.py holds the
 * Worker to it, so what stands here is what it does.
 */
import { PIXELS } from "../network/kernel";
import { MAX_IMAGES } from "../requests/body";
import { COLLECT_PATHS } from "./collect-paths";
import {
  count, header, IF_NONE_MATCH, json, kept, nosniff, OPEN, options, orNull, problems, readable, record, ref,
  sha256, text, TOKEN,
} from "./parts";

const moment = { type: "string", format: "date-time" };

const answered = {
  ...nosniff,
  "X-Model-Sha256": header("The weights file that answered.", sha256),
  "X-Model-Name": header("Its name, percent-encoded."),
  "X-Candidate-Sha256": header("What is on trial beside what serves, where something is.", sha256, false),
  "X-Cold": header("`1` when this request waited for the model to be loaded.", { enum: ["0", "1"] }),
  "X-Place": header("Who answered: the JSON of the schema Place."),
  "Server-Timing": header(
    "What the Worker's clock can know, which stands still while it computes: `object`, the way to " +
      "the Durable Object and back; on a cold start `load`, the weights from R2.",
  ),
  "Cache-Control": header("`no-store`"),
};
const weightsHeaders = {
  ...kept,
  "X-Model-Sha256": header("sha256 of these bytes; the ETag too.", sha256),
  "X-Model-Name": header("The network's name, percent-encoded."),
  "Content-Length": header("Bytes of the file.", count),
  "Content-Disposition": header("A file name for those who save it."),
};

const shard = (shards: number) => ({
  name: "shard",
  in: "query",
  description:
    "Which of the region's `shards` objects is asked, from 0; each keeps a model of its own.",
  schema: { type: "integer", minimum: 0, maximum: shards - 1, default: 0 },
});

const CLASSIFY = {
  operationId: "classify",
  summary: "The probabilities of each label for one image, or for many.",
  description:
    "JSON is one image; bytes are one or more, and Accept says whether the answer is bytes (the " +
    "default) or JSON. A browser's `text/plain` counts as JSON. Numbers are rounded to bytes.",
  security: TOKEN,
  parameters: [
    { name: "model", in: "query", description: "One of the two of a trial.", schema: { enum: ["current", "candidate"] } },
  ],
  requestBody: {
    required: true,
    content: {
      "application/json": { schema: ref("Image") },
      "application/octet-stream": {
        schema: { description: `${PIXELS} bytes for each of 1 to ${MAX_IMAGES} images.` },
      },
      "text/plain": {
        schema: { type: "string", contentMediaType: "application/json", contentSchema: ref("Image") },
      },
    },
  },
  responses: {
    "200": {
      description: "For JSON the probabilities of the image, for bytes those of each.",
      headers: answered,
      content: {
        "application/json": { schema: { anyOf: [ref("Probabilities"), ref("Answer")] } },
        "application/octet-stream": {
          schema: { description: "float32, little-endian, images x labels." },
        },
      },
    },
    ...problems("400", "401", "404", "406", "413", "415", "422", "429", "500", "503"),
  },
};

const TRACE = {
  operationId: "trace",
  summary: "What each layer gives for one image; only where the setting TRACE is `on`.",
  security: TOKEN,
  requestBody: { ...CLASSIFY.requestBody, description: "One image." },
  responses: {
    "200": {
      description:
        "A safetensors file of float32: `input`, what enters the first layer; `0`, `1` ... what the " +
        "layers of the weights file give, where several are one step only the last of them; " +
        "`probabilities`.",
      headers: {
        ...nosniff,
        "X-Model-Sha256": answered["X-Model-Sha256"],
        "X-Place": answered["X-Place"],
        "Cache-Control": answered["Cache-Control"],
      },
      content: { "application/octet-stream": { schema: {} } },
    },
    ...problems("400", "401", "404", "413", "415", "429", "500", "503"),
  },
};

const time = orNull({ type: "number" });
const labels = { type: "array", items: count };
const TALLY = record({ answers: count, unsure: count, labels, mean_ms: time, p99_ms: time });
const TALLIES = { current: TALLY, candidate: TALLY };

const SCHEMAS = {
  Image: {
    description: "28 x 28 pixels, row after row; 0 is background, 255 ink.",
    type: "array",
    items: { type: "number", minimum: 0, maximum: 255 },
    minItems: PIXELS,
    maxItems: PIXELS,
  },
  Probabilities: {
    description: "One for each label, in the order of the labels; their sum is 1.",
    type: "array",
    items: { type: "number", minimum: 0, maximum: 1 },
    minItems: 2,
    maxItems: 1000,
  },
  Answer: record({
    probabilities: { type: "array", items: ref("Probabilities"), minItems: 1 },
    model: record({ sha256, name: text }),
    cold: { type: "boolean" },
    place: ref("Place"),
  }),
  Place: record({
    object: { ...text, description: "Name of the Durable Object." },
    continent: orNull({ type: "string", pattern: "^[A-Z0-9]{2}$" }),
    colo: orNull(text),
    local: { type: "boolean", description: "workerd on one's own machine, which has no place." },
  }),
  Model: record({
    sha256,
    name: text,
    parameters: count,
    labels: { type: "array", items: text, minItems: 2 },
    layers: { type: "array", items: { type: "object" }, minItems: 1 },
    not_sure_below: {
      ...orNull({ type: "number", minimum: 0, maximum: 1 }),
      description: "An answer whose largest probability is below counts as not sure.",
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
    version: { ...orNull(ref("Version")), description: "The deployment; null when unknown." },
  }),
  Candidate: record({
    ...{ sha256: orNull(sha256), name: text, not_sure_below: orNull({ type: "number" }) },
    percent: { type: "number", minimum: 0, maximum: 100 },
    shadow: { type: "boolean" },
    proposed_at: text,
    state: { enum: ["on trial", "stopped", "refused"] },
    reason: orNull(text),
    counts: orNull(record({ compared: count, disagreed: count, evidence: { type: "number" }, ...TALLIES })),
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
      request_id: text,
    },
    required: ["type", "title", "status", "detail"],
  },
};

/** @param shards Durable Objects per region. */
export const openapiOf = (shards: number) => ({
  openapi: "3.1.0",
  info: {
    title: "mnist-nb edge",
    version: "1",
    summary: "Digits, classified at the edge.",
    description:
      "Any other path answers 404, any other method 405 with `Allow`, both as Problem. Errors to a " +
      "HEAD have no body.",
    license: { name: "MIT", identifier: "MIT" },
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
      true,
    ),
    "/model/weights": readable(
      "weights",
      {
        summary: "The weights file in service, byte for byte.",
        security: TOKEN,
        parameters: [shard(shards), IF_NONE_MATCH],
      },
      {
        description: "A file of the format mnist-nb.network/1.",
        headers: weightsHeaders,
        content: { "application/octet-stream": { schema: {} } },
      },
      ["400", "401", "429", "500", "503"],
      true,
    ),
    "/healthz": readable(
      "health",
      { summary: "Whether a model is loaded or loadable.", security: OPEN },
      json("It is.", ref("Health"), { ...nosniff, "Cache-Control": header("`no-store`") }),
      ["500", "503"],
      false,
    ),
    "/openapi.json": readable(
      "openapi",
      { summary: "This document.", security: OPEN, parameters: [IF_NONE_MATCH] },
      json("OpenAPI 3.1.", { type: "object" }, kept),
      ["500"],
      true,
    ),
    "/": readable(
      "page",
      { summary: "The drawing page; its files lie beside it.", security: OPEN },
      {
        description: "HTML.",
        headers: nosniff,
        content: { "text/html": { schema: text } },
      },
      ["500"],
      false,
    ),
  },
  components: {
    schemas: SCHEMAS,
    securitySchemes: {
      token: {
        type: "http",
        scheme: "bearer",
        description: "Only where EDGE_TOKEN is set.",
      },
    },
  },
});
