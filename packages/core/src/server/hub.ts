/** The hub: accepts links, authorizes, orders, fans out. This file composes; the deciding is done by the parts it names. */
import { backgroundClock } from "../clock.ts";
import { contractRule, jsonOf, type TopicMap, validate } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import type { CloseCause } from "../link.ts";
import { callable, checkOptions, having, object, oneOf } from "../options.ts";
import { hasPresence, isId } from "../protocol/topics.ts";
import { Access } from "./access.ts";
import type { NewEntry } from "./backplane.ts";
import type { CommandRequest, Hub, HubOptions, PublishOptions } from "./hub-api.ts";
import { decided, type Identity } from "./identity.ts";
import { limitsFrom } from "./limits.ts";
import { Pacer } from "./link-queue.ts";
import { memoryBackplane } from "./memory-backplane.ts";
import { Refusals } from "./refusals.ts";
import { Session } from "./session.ts";
import type { LiveSession, SessionHost } from "./session-host.ts";
import { TokenBucket } from "./token-bucket.ts";
import { Topics } from "./topics.ts";

/** Milliseconds between two rounds of liveness checks, at most: there are always two in the time that is measured. */
const BEAT = 1_000;

/** What every handler looks like once its types are forgotten. */
type Handler = (request: never) => unknown;

/** Creates a hub. It listens nowhere until an adapter is attached. Throws `invalid_option` with the option's path. */
export function createHub<M extends TopicMap, I extends Identity = Identity>(
  options: HubOptions<M, I>,
): Hub<M, I> {
  checkHubOptions(options);
  const contract = options.topics;
  const clock = options.clock ?? backgroundClock;
  const limits = limitsFrom(options.limits);
  const backplane = options.backplane ?? memoryBackplane({ clock });
  const report = contained(options.onError ?? complain);
  const refusals = new Refusals();
  const access = new Access(options, limits, clock, report);
  const pacer = new Pacer(clock, { bytes: limits.queueBytes, messages: limits.queueMessages });
  const topics = new Topics(contract, options.slowReaders ?? {}, backplane, pacer, limits, clock, report);
  const outlets = options.outlets ?? [];
  const handlers = new Map<string, Handler>();
  const sessions = new Set<LiveSession<I>>();
  const linksOf = new Map<string, number>();
  const linkRate = new TokenBucket(limits.linkRate, limits.linkRate, clock.now());
  const closing: (() => void)[] = [];
  let closed: Promise<void> | undefined;

  const append = async (
    topic: string,
    event: string,
    data: unknown,
    entry: Pick<NewEntry, "id" | "exclude">,
  ) => {
    const { definition } = access.event(topic, event);
    // Validated here and sent as given: the receiver runs the schema again, and its transformation must not run twice.
    const checked = validate(definition.schema, data);
    if (checked instanceof Promise) await checked;
    const json = jsonOf(data);
    if (Buffer.byteLength(json) > limits.messageBytes) {
      throw new BellwireError("too_large", `data: at most ${limits.messageBytes} bytes`);
    }
    const time = clock.wall();
    const position = await backplane.append(
      topic,
      { ...entry, event, json, time },
      definition.kind === "volatile",
    );
    for (const outlet of outlets) outlet.publish({ ...entry, topic, event, json, position, time });
    return position;
  };

  const host: SessionHost<I> = {
    clock,
    limits,
    pacer,
    report,
    authenticate: (token, handshake) => access.authenticate(token, handshake),
    authorize: (...request) => access.authorize(...request),
    member: (identity, granted) => access.member(identity, granted),
    async reauthorize(session) {
      const { identity } = session;
      if (!identity) return;
      const check = async (topic: string): Promise<void> => {
        await access
          .authorize(identity, "subscribe", topic, undefined, { granted: session.granted(topic) })
          .catch(() => session.revoke(topic, "forbidden"));
      };
      await Promise.all(Array.from(session.topics, check));
    },
    async publish({ identity, session, granted }, { topic, event, data, id, exclude }) {
      const { pattern, params, definition } = access.event(topic, event);
      const handler = handlers.get(`${pattern} ${event}`);
      await access.authorize(identity, "publish", topic, event, { command: handler !== undefined, granted });
      if (!handler) {
        return { position: await append(topic, event, data, { id, ...(exclude && { exclude: session }) }) };
      }
      const value = await validate(definition.schema, data);
      const request = { topic, params, data: value, id, identity, session } as never;
      const answer = await decided(clock, limits.decisionTimeout, () => handler(request));
      if (answer === undefined) return { position: null };
      assertJson(answer);
      return { position: null, data: answer };
    },
    topic: (name) => topics.open(name),
    leave: (...reader) => topics.leave(...reader),
    entered({ identity }) {
      const { user } = identity ?? {};
      if (user === undefined) return undefined;
      const links = (linksOf.get(user) ?? 0) + 1;
      linksOf.set(user, links);
      const reason = `at most ${limits.linksPerUser} links of one user`;
      return links > limits.linksPerUser ? { code: "rate_limited", reason } : undefined;
    },
    ended(session) {
      const { user } = session.identity ?? {};
      sessions.delete(session);
      if (user === undefined) return;
      const left = (linksOf.get(user) ?? 1) - 1;
      if (left > 0) linksOf.set(user, left);
      else linksOf.delete(user);
    },
  };

  const every = Math.min(BEAT, limits.pingInterval / 2, limits.pongTimeout / 2);
  let stopBeat: (() => void) | undefined;
  const beat = (): void => {
    const now = clock.now();
    for (const session of sessions) session.beat(now);
    stopBeat = sessions.size > 0 ? clock.after(every, beat) : undefined;
  };

  const shutDown = async ({ flush = 10_000, spread = 5_000 } = {}): Promise<void> => {
    for (const callback of closing) callback();
    const drains = Array.from(sessions, (session) =>
      session.drain({ code: "draining", retryAfter: Math.round(Math.random() * spread) }, flush),
    );
    await Promise.all([...drains, ...outlets.map((outlet) => outlet.close(flush))]);
    stopBeat?.();
    topics.close();
    // One that was given to us may serve other hubs.
    if (!options.backplane) await backplane.close();
  };

  return {
    maxMessageBytes: limits.messageBytes,
    get links() {
      return sessions.size;
    },
    refusal(): CloseCause | undefined {
      if (closed) return { code: "draining", retryAfter: 1_000 };
      if (sessions.size >= limits.links) return { code: "overloaded", retryAfter: 5_000 };
      const wait = linkRate.take(1, clock.now());
      return wait > 0 ? { code: "overloaded", retryAfter: wait } : undefined;
    },
    refused(cause, transport) {
      const error = refusals.due(cause, transport, clock.now());
      if (error) report(error);
    },
    accept(link, handshake) {
      const session = new Session(host, link, handshake);
      sessions.add(session);
      stopBeat ??= clock.after(every, beat);
      return session;
    },
    async visit(token, handshake, session) {
      if (closed) throw new BellwireError("closed", "the hub is closed");
      const identity = await access.authenticate(token, handshake);
      const may = (topic: string): Promise<void> => access.authorize(identity, "subscribe", topic, undefined);
      return {
        identity,
        async admit(topic) {
          await may(topic);
          return hasPresence(topic) ? access.member(identity, undefined) : undefined;
        },
        async read(topic, after) {
          await may(topic);
          return backplane.read(topic, after, after ? limits.recovery : 0);
        },
        publish: (publication) => host.publish({ identity, session, granted: false }, publication),
      };
    },
    onClose(callback) {
      closing.push(callback);
    },
    async publish(topic, event, data, { id, exclude }: PublishOptions = {}) {
      if (closed) throw new BellwireError("closed", "the hub is closed");
      if (id !== undefined && !isId(id))
        throw new BellwireError("invalid_option", "publish.id: must be 1 to 64 printable ASCII characters");
      return append(topic, event, data, { id, exclude });
    },
    handle(
      pattern,
      event,
      handler: (request: CommandRequest<M, typeof pattern, typeof event, I>) => unknown,
    ) {
      if (!Object.hasOwn(contract.map[pattern] ?? {}, event)) {
        throw new BellwireError(
          "invalid_option",
          `handle: "${pattern}" with "${event}" must be in the contract`,
        );
      }
      const key = `${pattern} ${event}`;
      handlers.set(key, handler);
      return () => {
        if (handlers.get(key) === handler) handlers.delete(key);
      };
    },
    members: (topic) => topics.members(topic),
    revoke(user, topic) {
      for (const session of sessions) {
        if (session.identity?.user !== user) continue;
        if (topic === undefined) session.end({ code: "forbidden", reason: "revoked" });
        else session.revoke(topic, "forbidden");
      }
    },
    close(closeOptions) {
      closed ??= shutDown(closeOptions);
      return closed;
    },
  };
}

/** The handler's mistake has to fail here: where the answer is encoded nobody waits for it, and the process would end. */
function assertJson(answer: unknown): void {
  try {
    jsonOf(answer);
  } catch (cause) {
    throw new TypeError("what a handler returns must be JSON", { cause });
  }
}

/** The application's own function may fail, too, and then there is nobody left to tell but the console. */
function contained(tell: (error: unknown) => unknown): (error: unknown) => void {
  return (error) => {
    try {
      const told = tell(error);
      if (told instanceof Promise) told.catch(complain);
    } catch (failure) {
      complain(failure);
    }
  };
}

/** An application that does not listen for its own errors still hears of them. */
function complain(error: unknown): void {
  // oxlint-disable-next-line no-console -- silence would hide the application's bugs
  console.error("bellwire:", error);
}

function checkHubOptions<M extends TopicMap, I extends Identity>(options: HubOptions<M, I>): void {
  checkOptions(
    "createHub",
    options,
    {
      topics: contractRule,
      authenticate: callable,
      authorize: callable,
      slowReaders: object,
      backplane: having("append", "listen", "read", "close"),
      limits: object,
      outlets: {
        allowed: "an array of outlets",
        test: (value) => Array.isArray(value) && value.every(having("publish", "close").test),
      },
      clock: having("now", "wall", "after"),
      onError: callable,
    },
    ["topics"],
  );
  const policy = oneOf("disconnect", "drop", "conflate");
  const patterns = Object.keys(options.topics.map).map((pattern) => [pattern, policy]);
  checkOptions("createHub.slowReaders", options.slowReaders ?? {}, Object.fromEntries(patterns));
}
