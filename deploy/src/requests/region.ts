/**
 * The region that a request comes from: a continent, or a part of it where Cloudflare can place an
 * object there. An object stays for ever where it was made, and for one continent that would be on
 * one of its coasts. Names are continents as they always were, "NA", and parts of them, "NA-W": an
 * object that exists already keeps its name where its region did not change.
 */
export interface Region {
  /** Name of its objects. */
  name: string;
  /** Where Cloudflare is asked to make them; it only takes that as a hint. */
  hint: DurableObjectLocationHint | undefined;
}

interface Part extends Region {
  holds(longitude: number, latitude: number): boolean;
}

const HINTS: Record<string, DurableObjectLocationHint> = { AF: "afr", OC: "oc", SA: "sam" };
const others = () => true;

/** The first part that holds a place is its own. Borders lie halfway between two parts' middles. */
const PARTS: Record<string, Part[]> = {
  AS: [
    { name: "AS-W", hint: "me", holds: (longitude) => longitude < 60 },
    { name: "AS-S", hint: "apac", holds: (longitude) => longitude < 95 },
    { name: "AS-NE", hint: "apac-ne", holds: (_, latitude) => latitude > 22 },
    { name: "AS-SE", hint: "apac-se", holds: others },
  ],
  EU: [
    { name: "EU-W", hint: "weur", holds: (longitude) => longitude < 10 },
    { name: "EU-E", hint: "eeur", holds: others },
  ],
  NA: [
    { name: "NA-W", hint: "wnam", holds: (longitude) => longitude < -100 },
    { name: "NA-E", hint: "enam", holds: others },
  ],
};

/** Where a cron looks: all regions that have a place, and the one of requests without any. */
export const REGIONS: Region[] = [
  ...Object.values(PARTS).flat(),
  ...Object.entries(HINTS).map(([name, hint]) => ({ name, hint })),
  { name: "default", hint: undefined },
];

/** @param cf what Cloudflare says of the request; without coordinates the continent is undivided. */
export function regionOf(continent: string, cf: CfProperties | undefined): Region {
  const [longitude, latitude] = [number(cf?.longitude), number(cf?.latitude)];
  const known = !Number.isNaN(longitude + latitude);
  const part = known && PARTS[continent]?.find(({ holds }) => holds(longitude, latitude));
  return part || { name: continent, hint: HINTS[continent] };
}

function number(said: unknown): number {
  return typeof said === "string" && said.trim() !== "" ? Number(said) : NaN;
}
