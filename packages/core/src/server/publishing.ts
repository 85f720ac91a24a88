/**
 * Carries out publishes: each is looked up once, authorized, validated, and appended or given to a
 * handler.
 */
import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Clock } from "../clock.ts";
import { type EventDefinition, jsonOf, validate } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import type { Position } from "../protocol/messages.ts";
import type { Publication, PublishAnswer } from "./acceptor.ts";
import type { Access } from "./access.ts";
import type { Backplane, NewEntry } from "./backplane.ts";
import type { Broadcaster } from "./broadcaster.ts";
import { assertShallow, checkedData } from "./checked-data.ts";
import type { HubEmitter } from "./hub-events.ts";
import { decided, type Identity } from "./identity.ts";
import { isTooDeep } from "./json-depth.ts";
import type { Limits } from "./limits.ts";

/** A handler without its types. */
export type Handler = (request: never) => unknown;

/** A client that publishes. */
export interface Publisher<I extends Identity> {
  readonly identity: I;
  /** Its exclusion id, which `exclude` compares and handlers receive. */
  readonly session: string;
  /** Whether the adapter has decided that it may publish to the topic. */
  granted(topic: string): boolean;
  /** A number that changes whenever one of its rights was taken. Throws `closed` once all were. */
  rights(): number;
}

export interface PublishingOptions<I extends Identity> {
  readonly access: Access<I>;
  readonly backplane: Backplane;
  readonly broadcasters: readonly Broadcaster[];
  readonly limits: Limits;
  readonly clock: Clock;
  readonly events: HubEmitter;
}

export class Publishing<I extends Identity> {
  readonly #options: PublishingOptions<I>;
  readonly #handlers: Map<string, Handler> = new Map();
  /** Publishes of clients without an answer so far. */
  readonly #underWay: Set<Promise<unknown>> = new Set();
  #closed = false;

  constructor(options: PublishingOptions<I>) {
    this.#options = options;
  }

  /** Adds a command's handler; the returned function removes it. */
  handle(pattern: string, event: string, handler: Handler): () => void {
    const key = keyOf(pattern, event);
    this.#handlers.set(key, handler);
    return () => {
      if (this.#handlers.get(key) === handler) this.#handlers.delete(key);
    };
  }

  /** Publishes for the server itself. */
  async publish(
    topic: string,
    event: string,
    data: unknown,
    entry: Pick<NewEntry, "id" | "exclude">,
  ): Promise<Position | null> {
    const { access } = this.#options;
    return this.#append(topic, event, access.event(access.topic(topic), event), data, entry);
  }

  /** Carries out what a client publishes. */
  publishFor(publisher: Publisher<I>, publication: Publication): Promise<PublishAnswer> {
    const answer = this.#carryOut(publisher, publication);
    this.#underWay.add(answer);
    const done = (): void => void this.#underWay.delete(answer);
    answer.then(done, done);
    return answer;
  }

  /** Resolves when every publish of a client that is under way has its answer. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#underWay);
  }

  /** From now on every publish rejects with `closed`. */
  close(): void {
    this.#closed = true;
  }

  async #carryOut(publisher: Publisher<I>, publication: Publication): Promise<PublishAnswer> {
    const { access, clock, limits } = this.#options;
    const { topic, event, data, id, excludeSelf } = publication;
    const match = access.topic(topic);
    const definition = access.event(match, event);
    const handler = this.#handlers.get(keyOf(match.pattern, event));
    const command = handler !== undefined;
    let rights: number;
    let identity: I;
    do {
      rights = publisher.rights();
      identity = publisher.identity;
      const granted = publisher.granted(topic);
      await access.authorize({ identity, action: "publish", topic, match, event, command, granted });
      // The right to this publish may have been revoked while the application decided.
    } while (rights !== publisher.rights());
    const { session } = publisher;
    if (!handler) {
      // Users own their ids on all of their links; an anonymous client has only a session.
      const name = identity.user === undefined ? `session ${session}` : `user ${identity.user}`;
      const entry = { id, publisher: name, ...(excludeSelf && { exclude: session }) };
      return { position: await this.#append(topic, event, definition, data, entry) };
    }
    assertShallow(jsonOf(data));
    const value = await validate(definition.schema, data);
    const request = { topic, params: match.params, data: value, id, identity, session } as never;
    const answer = await decided(clock, limits.decisionTimeout, () => handler(request));
    if (definition.returns) await assertReturns(definition.returns, answer);
    if (answer === undefined) return { position: null };
    assertJson(answer);
    return { position: null, data: answer };
  }

  async #append(
    topic: string,
    event: string,
    definition: EventDefinition,
    data: unknown,
    entry: Pick<NewEntry, "id" | "publisher" | "exclude">,
  ): Promise<Position | null> {
    const { backplane, broadcasters, clock, events, limits } = this.#options;
    const checked = checkedData(definition, data, limits.messageBytes);
    const { json, bytes } = checked instanceof Promise ? await checked : checked;
    if (this.#closed) throw new BellwireError("closed", "the hub is closed");
    const time = clock.wall();
    const { id, publisher, exclude } = entry;
    const entered = { id, publisher, event, json, time, exclude };
    const position =
      definition.kind === "volatile"
        ? await backplane.spread(topic, entered).then(() => null)
        : await backplane.append(topic, entered);
    for (const broadcaster of broadcasters)
      broadcaster.publish({ topic, event, json, position, time, id, exclude });
    events.emit("published", () => ({ topic, event, position, bytes }));
    return position;
  }
}

function keyOf(pattern: string, event: string): string {
  return `${pattern} ${event}`;
}

/**
 * Validated here and sent as returned: the client that asked runs the schema again, and its
 * transformation must not run twice.
 */
async function assertReturns(schema: StandardSchemaV1, answer: unknown): Promise<void> {
  try {
    await validate(schema, answer);
  } catch (cause) {
    // The client's data was valid; this is the application's mistake.
    throw new TypeError("what a handler returns must satisfy the contract", { cause });
  }
}

/**
 * A value that is not JSON must fail here: no caller awaits the encoding of the answer, so an error
 * there would end the process.
 */
function assertJson(answer: unknown): void {
  let json: string;
  try {
    json = jsonOf(answer);
  } catch (cause) {
    throw new TypeError("what a handler returns must be JSON", { cause });
  }
  if (isTooDeep(json)) throw new TypeError("what a handler returns is nested too deeply");
}
