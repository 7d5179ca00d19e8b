/** What openapi.ts says of /drawings and /bets. */
import { PIXELS } from "../network/kernel";
import { ID, QUESTION } from "../requests/collect";
import { count, header, json, nosniff, options, problems, readable, record, text, TOKEN } from "./parts";

const parameter = (name: string, description: string, schema: object) => ({
  name,
  in: "query",
  required: true,
  description,
  schema,
});
const headers = { ...nosniff, "Cache-Control": header("`no-store`") };
const id = { ...text, pattern: ID };
const value = { type: "number", minimum: -1e9, maximum: 1e9 };
const QUESTION_PARAMETER = parameter("question", "Its name.", { ...text, pattern: QUESTION });
const COUNTED = json(
  "How often each value was bet on the question today.",
  record({ bets: { type: "array", items: record({ value, count: { ...count, minimum: 1 } }) } }),
  headers,
);

const READ_BETS = readable(
  "bets",
  { summary: "What the class bet on a question today.", security: TOKEN, parameters: [QUESTION_PARAMETER] },
  COUNTED,
  ["400", "401", "404", "429", "500", "503"],
  false,
);

export const COLLECT_PATHS = {
  "/drawings": {
    post: {
      operationId: "keepDrawing",
      summary: "Keep one drawing with its right label for the class; where the setting COLLECT is `on`.",
      security: TOKEN,
      parameters: [
        parameter("label", "What it is meant to be.", { type: "integer", minimum: 0, maximum: 9 }),
        parameter("consent", "That who drew it wants it kept.", { const: "yes" }),
      ],
      requestBody: {
        required: true,
        content: {
          "application/octet-stream": { schema: { description: `The ${PIXELS} bytes, not all 0.` } },
        },
      },
      responses: {
        "201": json("It is kept, until it is taken back by this id.", record({ id }), headers),
        ...problems("400", "401", "404", "413", "415", "429", "500", "503", "507"),
      },
    },
    delete: {
      operationId: "takeBackDrawing",
      summary: "Take a drawing back, also where nothing is collected any more.",
      security: TOKEN,
      parameters: [parameter("id", "The one that came when it was kept.", id)],
      responses: {
        "204": { description: "It is kept no longer.", headers: nosniff },
        ...problems("400", "401", "404", "429", "500", "503"),
      },
    },
    options: options("drawingsOptions", "POST, DELETE, OPTIONS"),
  },
  "/bets": {
    ...READ_BETS,
    post: {
      operationId: "bet",
      summary: "Count a bet, rounded to two digits; where the setting COLLECT is `on`.",
      security: TOKEN,
      parameters: [QUESTION_PARAMETER, parameter("value", "The number that is bet.", value)],
      responses: {
        "200": COUNTED,
        ...problems("400", "401", "404", "429", "500", "503", "507"),
      },
    },
    options: options("betsOptions", "GET, HEAD, POST, OPTIONS"),
  },
};
