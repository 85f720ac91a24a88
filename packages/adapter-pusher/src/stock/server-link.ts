/**
 * The hub's end of a link of a stock client. It sends `hello` and subscribes in the client's place;
 * the hub orders, limits and drains. The hub's messages are translated once for all connections
 * where that is possible.
 */

import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  type Grant,
  type Handshake,
  isEventName,
  isName,
  type Link,
  type LinkAcceptor,
  type LinkObserver,
  PROTOCOL_VERSION,
  type ServerMessage,
  TokenBucket,
  textFrames,
} from "@bellwire/core/adapter";
import type { WebSocketListener } from "@bellwire/core/http";
import { errorText, establishedText, eventText, PONG } from "../connection/event-text.ts";
import type { PusherEnd } from "../connection/pusher-end.ts";
import { newSocketId } from "../connection/socket-id.ts";
import { channelClass, userChannel, userOfChannel } from "../protocol/channel-name.ts";
import { HOSTED_LIMITS } from "../protocol/limits.ts";
import { CLIENT_EVENT_RATE, ERROR_TEXT, type PusherError } from "../protocol/pusher-error.ts";
import { type ClientFrame, readFrame } from "./commands.ts";
import { succeededText } from "./events.ts";
import type { PusherHost } from "./host.ts";
import { signedId } from "./member-id.ts";
import { type SubscriptionPort, Subscriptions } from "./subscriptions.ts";
import { judgeSignin, judgeSubscription, type SignedInUser } from "./verdict.ts";
import type { TakenClientEvent } from "./webhooks.ts";

const { clientEvents: CLIENT_EVENTS, eventBytes: EVENT_BYTES } = HOSTED_LIMITS;
/**
 * Requests per second that this end answers without the hub, whose rate limit they bypass, and the
 * size of a burst.
 */
const OWN_ANSWERS = 10;
const OWN_ANSWERS_BURST = 100;

type Frame<K extends ClientFrame["kind"]> = Extract<ClientFrame, { kind: K }>;

export class StockLink implements Link<ServerMessage>, WebSocketListener, SubscriptionPort {
  /** Also the link's session, so that every hub on the backplane can exclude it. */
  readonly socketId: string = newSocketId();
  readonly #host: PusherHost;
  readonly #end: PusherEnd;
  readonly #subscriptions: Subscriptions;
  readonly #events: TokenBucket = new TokenBucket(CLIENT_EVENTS, CLIENT_EVENTS, performance.now());
  readonly #ownAnswers: TokenBucket = new TokenBucket(OWN_ANSWERS, OWN_ANSWERS_BURST, performance.now());
  /** Client events that the hub has not answered yet. */
  readonly #sent: Map<number, TakenClientEvent> = new Map();
  #observer: LinkObserver<ClientMessage> | undefined;
  #lastRef = 0;
  #user: SignedInUser | undefined;

  constructor(host: PusherHost, end: PusherEnd) {
    this.#host = host;
    this.#end = end;
    this.#subscriptions = new Subscriptions(host, this);
  }

  /** Presents the link to the hub and sends `hello`. */
  open(hub: LinkAcceptor, handshake: Handshake): void {
    const grant = (action: "subscribe" | "publish", topic: string): Grant | undefined =>
      this.#grant(action, topic);
    const user = (): string | undefined => this.#user?.id;
    this.#observer = hub.accept(this, { ...handshake, session: this.socketId, user, grant });
    this.#observer.open();
    this.tell({ type: "hello", protocol: PROTOCOL_VERSION, session: this.socketId }, 0);
  }

  get buffered(): number {
    return this.#end.buffered;
  }

  send(batch: readonly ServerMessage[]): void {
    try {
      const frames = this.#host.fanOut.encode(batch, this.#subscriptions.standings);
      if (frames) this.#end.write(frames);
      else this.#end.together(() => batch.forEach((message) => this.#hear(message)));
    } catch {
      this.close({ code: "internal", reason: "a message could not be encoded" });
    }
  }

  close(cause: CloseCause): void {
    if (this.#end.closing) return;
    this.#end.closeFor(cause);
    // A peer may take its time to answer a close, and is no subscriber meanwhile.
    this.ended(cause);
  }

  /** The client sent a text. */
  receive(text: string, bytes: number): void {
    if (this.#end.closing) return;
    const read = readFrame(text);
    if (read.ok) this.#take(read.frame, bytes);
    else this.malformed(read.reason);
  }

  /** The client sent something that is no frame. The hub counts these and closes at the fifth. */
  malformed(reason: string): void {
    this.#observer?.malformed(reason);
  }

  /** The connection is over, or about to be. Only the first call counts. */
  ended(cause: CloseCause): void {
    this.#subscriptions.clear();
    if (this.#user) {
      this.#host.channels.leave(userChannel(this.#user.id), this, undefined);
      this.#host.channels.signOut(this.#user.id, this);
      this.#user = undefined;
    }
    this.#observer?.close(cause);
    this.#observer = undefined;
  }

  tell(message: ClientMessage, bytes: number): void {
    this.#observer?.message(message, bytes);
  }

  nextRef(): number {
    this.#lastRef += 1;
    return this.#lastRef;
  }

  write(text: string): void {
    this.#end.write(textFrames([text]));
  }

  deliver(frames: Buffer): void {
    this.#end.say(frames);
  }

  /** Refuses one request. */
  fail(error: PusherError): void {
    this.#answer(errorText(error));
  }

  /** Answers without the hub. Beyond the rate, requests count as malformed. */
  #answer(text: string): void {
    if (this.#ownAnswers.take(1, performance.now()) === 0) this.#end.say(textFrames([text]));
    else this.malformed("too many requests");
  }

  /**
   * The signature of a subscription replaces `authorize`. It also allows client events, where they
   * are enabled.
   */
  #grant(action: "subscribe" | "publish", topic: string): Grant | undefined {
    const grant = this.#subscriptions.grant(topic);
    return action === "subscribe" || this.#host.clientEvents ? grant : undefined;
  }

  #hear(message: ServerMessage): void {
    if (message.type === "welcome")
      return this.write(establishedText(this.socketId, this.#host.activityTimeout));
    if (message.type === "pong") return this.write(PONG);
    if (message.type === "acknowledged") return this.#taken(message.ref);
    if (message.type === "error") {
      const event = this.#sent.get(message.ref ?? 0);
      const { code, message: words } = message;
      if (event) {
        this.#sent.delete(message.ref ?? 0);
        return this.fail({ code, message: `Client event rejected - ${words}`, channel: event.channel });
      }
      if (message.ref === undefined && message.topic === undefined)
        return this.write(errorText({ code, message: words }));
    }
    this.#subscriptions.hear(message);
  }

  #take(frame: ClientFrame, bytes: number): void {
    switch (frame.kind) {
      case "ping":
      case "pong":
        return this.tell({ type: frame.kind }, bytes);
      case "subscribe":
        return this.#subscribe(frame, bytes);
      case "unsubscribe":
        if (userOfChannel(frame.channel) === undefined)
          return this.#subscriptions.remove(frame.channel, bytes);
        return this.#host.channels.leave(frame.channel, this, undefined);
      case "signin":
        return this.#signIn(frame);
      case "event":
        return this.#clientEvent(frame, bytes);
    }
  }

  #subscribe({ channel, auth, channelData }: Frame<"subscribe">, bytes: number): void {
    const user = userOfChannel(channel);
    if (user !== undefined) return this.#subscribeToUser(channel, user);
    if (!isName(channel)) return this.fail({ code: "unknown_topic", message: ERROR_TEXT.invalidChannel });
    if (this.#subscriptions.has(channel))
      return this.fail({ code: "malformed", message: ERROR_TEXT.existing(channel), channel });
    if (channelClass(channel).access === "public") return this.#subscriptions.add(channel, undefined, bytes);
    const { app } = this.#host;
    const verdict = judgeSubscription(app, {
      socketId: this.socketId,
      channel,
      auth,
      channelData,
      user: this.#user,
    });
    if (verdict.ok) this.#subscriptions.add(channel, verdict.value, bytes);
    else this.fail(verdict.error);
  }

  /** A user's own channel is no topic: it exists on this server only, for the signed-in user. */
  #subscribeToUser(channel: string, user: string): void {
    if (user !== this.#user?.id)
      return this.fail({ code: "forbidden", message: "This channel is for the signed-in user only" });
    this.#host.channels.enter(channel, this, undefined);
    this.#answer(succeededText(channel));
  }

  #signIn({ auth, userData }: Frame<"signin">): void {
    const verdict = judgeSignin(this.#host.app, this.socketId, auth, userData);
    if (!verdict.ok) return this.fail(verdict.error);
    const user = verdict.value;
    if (this.#user && this.#user.id !== user.id)
      return this.fail({ code: "forbidden", message: "Already signed in as another user" });
    this.#user = user;
    this.#host.channels.signIn(user.id, this);
    const data = JSON.stringify({ user_data: userData });
    this.#answer(eventText({ event: "pusher:signin_success", data }));
  }

  #clientEvent({ channel, event, data }: Frame<"event">, bytes: number): void {
    const reject = (error: Omit<PusherError, "channel">): void =>
      this.fail({ ...error, message: `Client event rejected - ${error.message}`, channel });
    const { access, encrypted } = channelClass(channel);
    const { member } = this.#subscriptions.grant(channel) ?? {};
    if (!isName(channel) || !isEventName(event))
      return this.malformed("a client event must have legal names");
    if (!this.#host.clientEvents) return reject({ code: "forbidden", message: "they are not enabled" });
    if (access === "public" || encrypted)
      return reject({ code: "forbidden", message: "only on private and presence channels" });
    if (!this.#subscriptions.begun(channel))
      return reject({ code: "forbidden", message: "only subscribers may send them" });
    const json = jsonOf(data);
    if (json === undefined) return reject({ code: "invalid_data", message: "nested too deeply" });
    if (Buffer.byteLength(json) > EVENT_BYTES)
      return reject({ code: "too_large", message: `at most ${EVENT_BYTES} bytes` });
    if (this.#events.take(1, performance.now()) > 0) {
      return this.fail({
        code: "rate_limited",
        message: ERROR_TEXT.clientEventRate,
        channel,
        number: CLIENT_EVENT_RATE,
      });
    }
    const id = crypto.randomUUID();
    if (member) this.#host.senders.remember({ topic: channel, event, id, json }, signedId(member));
    const ref = this.nextRef();
    this.#sent.set(ref, { channel, event, data: json, socket_id: this.socketId, user_id: member?.id });
    this.tell({ type: "publish", ref, topic: channel, event, data, id, excludeSelf: true }, bytes);
  }

  #taken(ref: number): void {
    const event = this.#sent.get(ref);
    this.#sent.delete(ref);
    if (event) this.#host.clientEvent(event);
  }
}

/**
 * Encodes parsed JSON. Undefined when it is nested too deeply: parsing allows more than encoding.
 */
function jsonOf(data: unknown): string | undefined {
  try {
    return JSON.stringify(data);
  } catch {
    return undefined;
  }
}
