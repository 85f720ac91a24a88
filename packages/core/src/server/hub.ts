/** The hub: accepts links, authorizes, orders, fans out. This file composes; the deciding is done by the parts it names. */
import { backgroundClock, type Clock } from "../clock.ts";
import { contractRule, type TopicMap } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import { callable, checkOptions, having, object } from "../options.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import { isEventName, isId } from "../protocol/names.ts";
import { TokenBucket } from "../token-bucket.ts";
import { Access } from "./access.ts";
import { Connection } from "./connection.ts";
import type { ConnectionHost, LiveConnection } from "./connection-host.ts";
import type { CommandRequest, Hub, HubOptions, PublishOptions } from "./hub-api.ts";
import type { Identity } from "./identity.ts";
import { limitsFrom } from "./limits.ts";
import { memoryBackplane } from "./memory-backplane.ts";
import { Pacer } from "./pacer.ts";
import { Publishing } from "./publishing.ts";
import { Refusals } from "./refusals.ts";
import { slowConsumerPolicy } from "./slow-consumer.ts";
import { Topics } from "./topics.ts";

/** Milliseconds between two rounds of liveness checks, at most: there are always two in the time that is measured. */
const BEAT = 1_000;

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
  const topics = new Topics(options.slowConsumers ?? {}, backplane, pacer, limits, clock, report);
  const broadcasters = options.broadcasters ?? [];
  const sessions = new Set<LiveConnection>();
  const linksOf = new Map<string, number>();
  const linkRate = new TokenBucket(limits.linkRate, limits.linkRate, clock.now());
  const closing: (() => void)[] = [];
  let closed: Promise<void> | undefined;

  const refused = (cause: CloseCause, transport: string): void => {
    const error = refusals.due(cause, transport, clock.now());
    if (error) report(error);
  };
  const publishing = new Publishing({ access, backplane, broadcasters, limits, clock });

  const host: ConnectionHost<I> = {
    clock,
    limits,
    pacer,
    access,
    report,
    refused,
    publish: (publisher, publication) => publishing.publishFor(publisher, publication),
    topic: (name, match) => topics.open(name, match),
    leave: (...subscriber) => topics.leave(...subscriber),
    entered({ user }) {
      if (user === undefined) return undefined;
      const links = (linksOf.get(user) ?? 0) + 1;
      linksOf.set(user, links);
      const reason = `at most ${limits.linksPerUser} links of one user`;
      return links > limits.linksPerUser ? { code: "rate_limited", reason } : undefined;
    },
    ended(session) {
      const { user } = session;
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
    const end = clock.now() + flush;
    for (const callback of closing) contained(callback)();
    // Handlers that run already may publish, and their callers wait for answers.
    const settled = [publishing.settled(), ...Array.from(sessions, (session) => session.settle())];
    await within(clock, flush, Promise.all(settled));
    publishing.close();
    const left = Math.max(0, end - clock.now());
    const drains = Array.from(sessions, (session) =>
      session.drain({ code: "draining", retryAfter: Math.round(Math.random() * spread) }, left),
    );
    await Promise.all([...drains, ...broadcasters.map((broadcaster) => broadcaster.close(left))]);
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
      const full = sessions.size >= limits.links;
      const retryAfter = full ? 5_000 : linkRate.take(1, clock.now());
      if (retryAfter === 0) return undefined;
      const limit = full
        ? `${limits.links} links, limits.links`
        : `${limits.linkRate} new links per second, limits.linkRate`;
      const cause = { code: "overloaded", reason: `at most ${limit}`, retryAfter } as const;
      refused(cause, "hub");
      return cause;
    },
    refused,
    accept(link, handshake) {
      const session = new Connection(host, link, handshake);
      sessions.add(session);
      stopBeat ??= clock.after(every, beat);
      // An adapter that asked before the hub began to close may accept after it.
      if (closed) queueMicrotask(() => session.end({ code: "draining", retryAfter: 1_000 }));
      return session;
    },
    async acceptRequest(token, handshake, session) {
      if (closed) throw new BellwireError("closed", "the hub is closed");
      const identity = await access.authenticate(token, handshake);
      const may = (topic: string): Promise<void> =>
        access.authorize({ identity, action: "subscribe", topic, match: access.topic(topic) });
      return {
        identity,
        async admit(topic) {
          await may(topic);
          return access.member(topic, identity, undefined);
        },
        async read(topic, after) {
          await may(topic);
          return backplane.read(topic, after, after ? limits.recovery : 0);
        },
        publish: (publication) =>
          publishing.publishFor({ identity, session, granted: () => false, rights: () => 0 }, publication),
      };
    },
    onClose(callback) {
      closing.push(callback);
    },
    async publish(topic, event, data, { id, exclude }: PublishOptions = {}) {
      if (id !== undefined && !isId(id))
        throw new BellwireError("invalid_option", "publish.id: must be 1 to 64 printable ASCII characters");
      return publishing.publish(topic, event, data, { id, exclude });
    },
    handle(
      pattern,
      event,
      handler: (request: CommandRequest<M, typeof pattern, typeof event, I>) => unknown,
    ) {
      const events = contract.map[pattern] ?? {};
      if (!isEventName(event) || !(Object.hasOwn(events, event) || Object.hasOwn(events, "*"))) {
        throw new BellwireError(
          "invalid_option",
          `handle: "${pattern}" with "${event}" must be in the contract`,
        );
      }
      return publishing.handle(pattern, event, handler);
    },
    members: (topic) => topics.members(topic),
    revoke(user, topic) {
      for (const session of sessions) session.revokeUser(user, topic);
    },
    close(closeOptions) {
      closed ??= shutDown(closeOptions);
      return closed;
    },
  };
}

/** A function of somebody else's whose failure, now or later, must not be ours: it is told to the console. */
function contained<A extends readonly unknown[]>(call: (...args: A) => unknown): (...args: A) => void {
  return (...args) => {
    try {
      const result = call(...args);
      if (result instanceof Promise) result.catch(complain);
    } catch (failure) {
      complain(failure);
    }
  };
}

/** Resolves with the work, or after `ms`, whichever comes first. */
async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let cancel: (() => void) | undefined;
  const late = new Promise<void>((resolve) => {
    cancel = clock.after(ms, resolve);
  });
  await Promise.race([work, late]);
  cancel?.();
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
      slowConsumers: object,
      backplane: having("append", "spread", "listen", "read", "close"),
      limits: object,
      broadcasters: {
        allowed: "an array of broadcasters",
        test: (value) => Array.isArray(value) && value.every(having("publish", "close").test),
      },
      clock: having("now", "wall", "after"),
      onError: callable,
    },
    ["topics"],
  );
  const patterns = Object.keys(options.topics.map).map((pattern) => [pattern, slowConsumerPolicy]);
  checkOptions("createHub.slowConsumers", options.slowConsumers ?? {}, Object.fromEntries(patterns));
}
