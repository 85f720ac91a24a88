/**
 * The hub: accepts links, authorizes, orders, fans out. This file only composes: its parts decide.
 */
import { backgroundClock } from "../clock.ts";
import { contractRule, type TopicMap } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import { callable, checkOptions, having, object } from "../options.ts";
import { isEventName, isId } from "../protocol/names.ts";
import { Access } from "./access.ts";
import { Admission } from "./admission.ts";
import { Connection } from "./connection.ts";
import type { ConnectionHost } from "./connection-host.ts";
import { drain, SPREAD } from "./draining.ts";
import type { CloseOptions, CommandRequest, Hub, HubOptions, PublishOptions } from "./hub-api.ts";
import { HubEmitter } from "./hub-events.ts";
import type { Identity } from "./identity.ts";
import { limitsFrom } from "./limits.ts";
import { memoryBackplane } from "./memory-backplane.ts";
import { Outage } from "./outage.ts";
import { Pacer } from "./pacer.ts";
import { hubPage, readPage } from "./pages.ts";
import { PeerRequests } from "./peer-requests.ts";
import { Peers } from "./peers.ts";
import { Publishing } from "./publishing.ts";
import { Revocations } from "./revocations.ts";
import { slowConsumerPolicy } from "./slow-consumer.ts";
import { Topics } from "./topics.ts";
import { UserLinksCounter } from "./user-links.ts";

/** Beats to the other hubs between two position checks: one every 2 s by default. */
const BEATS = 5;

/**
 * Creates a hub. It listens nowhere until an adapter is attached. Throws `invalid_option` with the
 * option's path.
 */
export function createHub<M extends TopicMap, I extends Identity = Identity>(
  options: HubOptions<M, I>,
): Hub<M, I> {
  checkHubOptions(options);
  const contract = options.topics;
  const clock = options.clock ?? backgroundClock;
  const limits = limitsFrom(options.limits);
  const backplane = options.backplane ?? memoryBackplane({ clock });
  const broadcasters = options.broadcasters ?? [];
  const report = contained(options.onError ?? complain);
  const events = new HubEmitter(report);
  const access = new Access(options, limits, clock, report);
  const outage = new Outage({ clock, events, report });
  const beat = limits.positionCheck / BEATS;
  // No other hub can reach a backplane that this one has made for itself.
  const peers = new Peers({ backplane: options.backplane, clock, beat, outage, report });
  const requests = new PeerRequests(peers, clock, report);
  const admission = new Admission({ limits, clock, events, users: new UserLinksCounter(peers), report });
  const revocations = new Revocations(peers, clock, (user, topic) => {
    for (const connection of admission.connections) connection.revokeUser(user, topic);
  });
  const pacer = new Pacer(clock, { bytes: limits.queueBytes, messages: limits.queueMessages });
  const policies = options.slowConsumers ?? {};
  const topics = new Topics({
    policies,
    backplane,
    distributor: pacer,
    limits,
    clock,
    events,
    peers,
    outage,
    report,
  });
  const publishing = new Publishing({ access, backplane, broadcasters, limits, clock, events });
  const host: ConnectionHost<I> = {
    clock,
    limits,
    pacer,
    access,
    backplane,
    admission,
    events,
    report,
    publish: (publisher, publication) => publishing.publishFor(publisher, publication),
    topic: (name, match) => topics.open(name, match),
  };
  const closing: (() => void)[] = [];
  let closed: Promise<void> | undefined;

  const shutDown = async (closeOptions?: CloseOptions): Promise<void> => {
    admission.close();
    topics.drain(closeOptions?.spread ?? SPREAD);
    for (const callback of closing) contained(callback)();
    await drain({ clock, admission, publishing, broadcasters, events }, closeOptions);
    admission.stop();
    topics.close();
    requests.close();
    await peers.close(topics.grace);
    // A backplane that was given may serve other hubs.
    if (!options.backplane) await backplane.close();
  };

  return {
    maxMessageBytes: limits.messageBytes,
    peers: requests,
    get links() {
      return admission.connections.size;
    },
    refusal: () => admission.refusal(),
    refused: (cause, transport) => admission.refused(cause, transport),
    accept(link, handshake) {
      const connection = new Connection(host, link, handshake);
      admission.add(connection);
      return connection;
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
    async position(topic) {
      access.topic(topic);
      return (await backplane.read(topic, undefined, 0)).head;
    },
    async history(topic, request) {
      access.topic(topic);
      return hubPage(topic, await readPage(backplane, topic, request ?? {}, limits.recovery));
    },
    on: (event, listener) => events.on(event, listener),
    members: (topic) => topics.members(topic),
    revoke: (user, topic) => revocations.revoke(user, topic),
    close(closeOptions) {
      closed ??= shutDown(closeOptions);
      return closed;
    },
  };
}

/**
 * Contains a function of the application or an adapter: its failure, also a rejection, goes to the
 * console.
 */
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

/** The default of `onError`. */
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
