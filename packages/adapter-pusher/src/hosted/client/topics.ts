/** Performs what the machines of a link's topics decide: asks Pusher for channels, the server for signatures and for history. */
import { type Clock, type CloseCause, type Position } from "@bellwire/core";
import {
  type Failed,
  isErrorCode,
  type Notified,
  needsAuthorization,
  type ServerMessage,
  type Skip,
  type Subscribe,
  type Subscribed,
} from "@bellwire/core/adapter";
import { MESSAGES_PER_REQUEST, NO_EPOCH, STORED_EVENT } from "../routes.ts";
import { splitMetadata } from "../metadata.ts";
import { readErrorData } from "../../protocol/pusher-error.ts";
import { Collector } from "./collector.ts";
import { HostedTopic, type Refusal, type TopicEffect } from "./topic-machine.ts";
import type { ReceivedEvent } from "../../connection/pusher-connection.ts";
import { Roster } from "./roster.ts";
import type { RouteClient } from "./route-client.ts";

/** What the topics need of their link. */
export interface TopicsHost {
  readonly clock: Clock;
  /** From [0, 1). */
  readonly random: () => number;
  readonly routes: RouteClient;
  /** Whether events bring their positions; without, there is no history either. */
  readonly metadata: boolean;
  /** Sends an event to Pusher. */
  emit(event: string, data: unknown): void;
  /** Says to the channel what a hub would say. */
  say(message: ServerMessage): void;
  close(cause: CloseCause): void;
}

/** Milliseconds that Pusher has to answer a subscription. */
const JOIN = 10_000;

interface OpenTopic {
  readonly machine: HostedTopic;
  /** On `presence-` topics. */
  readonly roster: Roster | undefined;
  /** Whether Pusher was asked, so that it has to be told when the channel leaves. */
  asked: boolean;
  /** End the waiting for Pusher's answer, and for what was overtaken. */
  cancelJoin?: () => void;
  cancelWait?: () => void;
}

interface DueRead {
  readonly open: OpenTopic;
  readonly number: number;
  readonly after: Position | undefined;
}

type Decide = (open: OpenTopic) => readonly TopicEffect[];

export class HostedTopics {
  readonly #host: TopicsHost;
  readonly #open: Map<string, OpenTopic> = new Map();
  readonly #due: Collector<OpenTopic>;
  readonly #reads: Collector<DueRead>;

  constructor(host: TopicsHost) {
    this.#host = host;
    this.#due = new Collector(MESSAGES_PER_REQUEST, (due) => void this.#authorize(due));
    this.#reads = new Collector(MESSAGES_PER_REQUEST, (due) => void this.#read(due));
  }

  subscribe({ ref, topic, position }: Subscribe): void {
    if (!this.#open.has(topic)) {
      const { routes } = this.#host;
      const history = routes.has("history");
      this.#open.set(topic, {
        machine: new HostedTopic(topic, { history, ownEpoch: `pusher-${routes.socket}` }),
        roster: topic.startsWith("presence-") ? new Roster(topic) : undefined,
        asked: false,
      });
    }
    this.#let(this.#open.get(topic), ({ machine }) => machine.subscribe(ref, position));
  }

  unsubscribe(topic: string): void {
    this.#let(this.#open.get(topic), ({ machine }) => machine.left());
  }

  /** This end's own notification, which Pusher does not bring: nothing is missing at its place. */
  skip(topic: string, position: Position): void {
    if (this.#host.metadata)
      this.#let(this.#open.get(topic), ({ machine }) => machine.arrived(position, { kind: "skip" }));
  }

  /** Compares all of them with the history. */
  check(): void {
    for (const open of Array.from(this.#open.values())) this.#let(open, ({ machine }) => machine.check());
  }

  /** Pusher sent an event. */
  receive({ event, channel = "", data }: ReceivedEvent): void {
    const open = this.#open.get(channel);
    switch (event) {
      case "pusher:error":
        return this.#refused(data);
      case "pusher_internal:subscription_succeeded":
        return this.#let(open, ({ machine, roster, cancelJoin }) => {
          cancelJoin?.();
          roster?.reset(data);
          return machine.joined();
        });
      case "pusher_internal:member_added":
      case "pusher_internal:member_removed":
        return this.#let(open, ({ machine, roster }) => {
          const change =
            event === "pusher_internal:member_added" ? roster?.added(data) : roster?.removed(data);
          // Before that, the list that comes with the answer has it.
          return change && machine.live ? [{ do: "say", message: change }] : [];
        });
      default:
        if (!event.startsWith("pusher"))
          this.#let(open, ({ machine }) => arrived(machine, event, data, this.#host));
    }
  }

  /** The link is over. */
  clear(): void {
    for (const open of this.#open.values()) release(open);
    this.#open.clear();
  }

  /** Lets a topic decide, unless it was left meanwhile, and does what it says. */
  #let(open: OpenTopic | undefined, decide: Decide): void {
    if (!open || this.#open.get(open.machine.topic) !== open) return;
    for (const effect of decide(open)) this.#perform(open, effect);
    if (!open.machine.over) return;
    release(open);
    this.#open.delete(open.machine.topic);
  }

  #perform(open: OpenTopic, effect: TopicEffect): void {
    const { topic } = open.machine;
    switch (effect.do) {
      case "say":
        this.#host.say(effect.message);
        if (effect.message.type === "subscribed" && open.roster) this.#host.say(open.roster.message);
        return;
      case "join":
        if (needsAuthorization(topic)) this.#due.add(open);
        else this.#join(open, { auth: "" });
        return;
      case "leave":
        if (open.asked) this.#host.emit("pusher:unsubscribe", { channel: topic });
        open.asked = false;
        return;
      case "read":
        return this.#reads.add({ open, number: effect.number, after: effect.after });
      case "wait": {
        const { clock, random } = this.#host;
        // Those who miss the same must not all ask at the same moment.
        const ms = effect.ms * (0.5 + random() / 2);
        open.cancelWait = clock.after(ms, () => this.#let(open, ({ machine }) => machine.waited()));
      }
    }
  }

  #join(
    open: OpenTopic,
    signature: { readonly auth: string; readonly channel_data?: string | undefined },
  ): void {
    open.asked = true;
    this.#host.emit("pusher:subscribe", { ...signature, channel: open.machine.topic });
    // Pusher does not always say which subscription it was that it refused.
    open.cancelJoin = this.#host.clock.after(JOIN, () =>
      this.#host.close({ code: "link_lost", reason: "Pusher did not answer a subscription" }),
    );
  }

  async #authorize(due: readonly OpenTopic[]): Promise<void> {
    const answer = await this.#host.routes.authorize(due.map(({ machine }) => machine.topic));
    if ("code" in answer && answer.code === "unauthorized") return this.#host.close(answer);
    for (const open of due) {
      if (this.#open.get(open.machine.topic) !== open) continue;
      const found =
        "code" in answer ? undefined : answer.find(({ channel }) => channel === open.machine.topic);
      const { auth, channel_data } = found ?? {};
      if (auth !== undefined) this.#join(open, { auth, channel_data });
      else {
        const refusal = "code" in answer ? refusalOf(answer) : readRefusal(found?.error);
        this.#let(open, ({ machine }) => machine.refused(refusal));
      }
    }
  }

  async #read(due: readonly DueRead[]): Promise<void> {
    const questions = due.map(({ open, after }, index) => {
      const { topic } = open.machine;
      return { type: "subscribe", ref: index + 1, topic, ...(after && { position: after }) } as const;
    });
    const answer = await this.#host.routes.ask("history", questions);
    if ("code" in answer && answer.code === "unauthorized") return this.#host.close(answer);
    for (const [index, { open, number }] of due.entries()) {
      this.#let(open, ({ machine }) => {
        if ("code" in answer) return machine.unread(number, refusalOf(answer));
        const verdict = verdictOn(index + 1, answer);
        if (verdict?.type !== "subscribed") return machine.unread(number, verdict ?? LEFT_OUT);
        return machine.read(number, { ...verdict, messages: answer.filter(isMissedOf(machine.topic)) });
      });
    }
  }

  #refused(data: unknown): void {
    const { code = "forbidden", message = "", channel } = readErrorData(data);
    // Pusher itself names the channel in its words only, if at all.
    const joining = Array.from(this.#open.values()).filter(({ machine }) => machine.joining);
    const open = joining.find(({ machine: { topic } }) =>
      channel === undefined ? message.includes(topic) : topic === channel,
    );
    this.#let(open, ({ machine, cancelJoin }) => {
      cancelJoin?.();
      return machine.refused({ code, message: "Pusher refused the subscription" });
    });
  }
}

const LEFT_OUT: Refusal = { code: "internal", message: "the server left this topic out" };

function refusalOf({ code, reason = "the request failed", retryAfter }: CloseCause): Refusal {
  return { code, message: reason, ...(retryAfter !== undefined && { retryAfter }) };
}

function readRefusal(error: unknown): Refusal {
  const { code, message } = typeof error === "object" && error !== null ? (error as Partial<Failed>) : {};
  return isErrorCode(code) ? { code, message: String(message) } : LEFT_OUT;
}

/** What an answer of the history route says to one of the questions in it. */
function verdictOn(ref: number, messages: readonly ServerMessage[]): Subscribed | Failed | undefined {
  return messages.find(
    (message): message is Subscribed | Failed =>
      (message.type === "subscribed" || message.type === "error") && message.ref === ref,
  );
}

function isMissedOf(topic: string): (message: ServerMessage) => message is Notified | Skip {
  return (message): message is Notified | Skip =>
    (message.type === "notification" || message.type === "skip") && message.topic === topic;
}

/** An event of the application's on a channel. */
function arrived(
  machine: HostedTopic,
  event: string,
  value: unknown,
  { clock, metadata: isMarked }: TopicsHost,
): readonly TopicEffect[] {
  if (!isMarked && event === STORED_EVENT) return machine.lost();
  const { data, metadata } = isMarked ? splitMetadata(value) : { data: value, metadata: undefined };
  if (event === STORED_EVENT) return metadata ? machine.arrived(metadata, { kind: "stored" }) : [];
  const { offset = 0, time = clock.wall(), id } = metadata ?? {};
  const message = {
    type: "notification",
    topic: machine.topic,
    event,
    data,
    offset,
    time,
    ...(id !== undefined && { id }),
  } as const;
  // Without metadata it is from elsewhere than a hub, and has no place.
  return metadata && offset > 0 && metadata.epoch !== NO_EPOCH
    ? machine.arrived(metadata, { kind: "notification", message })
    : machine.volatile({ ...message, offset: 0 });
}

function release({ cancelJoin, cancelWait }: OpenTopic): void {
  cancelJoin?.();
  cancelWait?.();
}
