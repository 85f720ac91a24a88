/** Messages of PROTOCOL.md, valid ones and what becomes of them. */
import type { Random } from "@bellwire/core/conformance";
import { weighted } from "./chance.ts";
import { damagedText, type Fields, hostileValue, long, mutatedFields, objectText } from "./json-text.ts";
import { NEIGHBOURS, OPEN_TOPICS, TOKEN_MARK } from "./world.ts";

const text = (value: string): string => JSON.stringify(value);

/**
 * A topic: mostly one that is there, sometimes one that costs a matcher time or is off the grammar.
 */
export function topicName(random: Random): string {
  const draw = random.int(20);
  if (draw < 14) return random.pick(OPEN_TOPICS);
  if (draw === 14) return NEIGHBOURS;
  if (draw === 15) return `grid.${"1-".repeat(79)}`;
  if (draw === 16) return `grid.${"-".repeat(159)}`;
  if (draw === 17)
    return `news.${random.pick(["__proto__", "constructor", "toString", "=@,.;", "x".repeat(159)])}`;
  if (draw === 18) return random.pick(["__proto__", "nowhere", "news", "grid.1-2", "", "a.b.c.d"]);
  return `presence-room.${random.int(4)}`;
}

/** A token: of one of a few users, or of nobody. */
export function token(random: Random): string {
  return random.chance(0.8) ? `${TOKEN_MARK}${random.int(6)}` : random.pick(["", "wrong", "x".repeat(5_000)]);
}

/** A hello as it should be. */
export function hello(random: Random): string {
  const fields: Fields = [
    ["type", '"hello"'],
    ["protocol", "1"],
    ["session", text(random.pick(["s1", "s2", "toString", `s${random.int(1_000)}`]))],
  ];
  if (random.chance(0.6)) fields.push(["token", text(`${TOKEN_MARK}${random.int(6)}`)]);
  return objectText(fields);
}

/** A position: from now on, or forged, foreign or from the future. */
function position(random: Random): string {
  if (random.chance(0.2)) return hostileValue(random);
  const epoch = random.pick(["e", "__proto__", "e".repeat(64), "0", ""]);
  const offset = random.pick(["0", "1", "300", "9007199254740991", "9007199254740993", "-1", "1e999"]);
  return `{"epoch":${text(epoch)},"offset":${offset}}`;
}

function reference(random: Random): string {
  return random.chance(0.9)
    ? `${1 + random.int(40)}`
    : random.pick(["0", "-1", "1.5", "1e30", '"1"', "9007199254740992"]);
}

function subscribe(random: Random): Fields {
  const fields: Fields = [
    ["type", '"subscribe"'],
    ["ref", reference(random)],
    ["topic", text(topicName(random))],
  ];
  if (random.chance(0.4)) fields.push(["position", position(random)]);
  if (random.chance(0.3))
    fields.push(["history", random.chance(0.8) ? recent(random) : hostileValue(random)]);
  return fields;
}

/** A bound of history: small, none, all of it, or no bound. */
function bound(random: Random): string {
  return random.pick(["0", "1", "20", "300", "1e9", "9007199254740991", "-1", "0.5", '"1"', "null"]);
}

function recent(random: Random): string {
  const bounds = ["limit", "since"].filter(() => random.chance(0.5));
  return `{${bounds.map((key) => `${text(key)}:${bound(random)}`).join(",")}}`;
}

function history(random: Random): Fields {
  const fields: Fields = [
    ["type", '"history"'],
    ["ref", reference(random)],
    ["topic", text(topicName(random))],
  ];
  if (random.chance(0.4)) fields.push(["before", position(random)]);
  if (random.chance(0.4)) fields.push(["limit", bound(random)]);
  if (random.chance(0.2)) fields.push(["since", bound(random)]);
  return fields;
}

function publish(random: Random): Fields {
  const id = random.chance(0.8)
    ? text(`p${random.int(50)}`)
    : random.chance(0.5)
      ? long(random)
      : hostileValue(random);
  const event = random.pick([
    "said",
    "said",
    "typing",
    "ask",
    "now",
    "client-typing",
    "__proto__",
    "nothing",
  ]);
  const fields: Fields = [
    ["type", '"publish"'],
    ["ref", reference(random)],
    ["topic", text(topicName(random))],
    ["event", text(event)],
    ["data", random.chance(0.5) ? `{"n":${random.int(9)}}` : hostileValue(random)],
    ["id", id],
  ];
  if (random.chance(0.3)) fields.push(["excludeSelf", random.pick(["true", "false", '"yes"'])]);
  return fields;
}

function command(random: Random): Fields {
  return weighted<(random: Random) => Fields>(random, [
    [30, subscribe],
    [
      12,
      (from) => [
        ["type", '"unsubscribe"'],
        ["ref", reference(from)],
        ["topic", text(topicName(from))],
      ],
    ],
    [20, publish],
    [10, history],
    [
      6,
      (from) => [
        ["type", '"token"'],
        ["ref", reference(from)],
        ["token", text(token(from))],
      ],
    ],
    [6, () => [["type", '"ping"']]],
    [6, () => [["type", '"pong"']]],
    [
      3,
      (from) => [
        ["type", hostileValue(from)],
        ["ref", reference(from)],
      ],
    ],
  ])(random);
}

/** One message: as it should be, with fields changed, or with its text damaged. */
export function message(random: Random): string {
  return random.chance(0.12) ? damagedText(random, objectText(command(random))) : jsonMessage(random);
}

/**
 * The same without damage to the text, for wires that give up on what is not JSON. A second hello
 * ends a link, so it is rare.
 */
export function jsonMessage(random: Random): string {
  const draw = random.int(1_000);
  if (draw < 3) return hello(random);
  if (draw < 570) return objectText(command(random));
  if (draw < 970) return objectText(mutatedFields(random, command(random)));
  return hostileValue(random);
}

/** A subscription, as it should be but for its position. */
export function subscribeText(random: Random): string {
  return objectText(subscribe(random));
}

/** A publish, as it should be but for what it carries. */
export function publishText(random: Random): string {
  return objectText(publish(random));
}

/** A hello that is mostly none. */
export function brokenHello(random: Random): string {
  const fields: Fields = [
    ["type", '"hello"'],
    ["protocol", random.pick(["1", "2", "0", '"1"', "1e999"])],
    ["session", random.chance(0.5) ? '"s"' : hostileValue(random)],
    ["token", random.chance(0.5) ? text(token(random)) : hostileValue(random)],
  ];
  return random.chance(0.7)
    ? objectText(mutatedFields(random, fields))
    : damagedText(random, objectText(fields));
}
