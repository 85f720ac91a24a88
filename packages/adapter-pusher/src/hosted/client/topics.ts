/**
 * Performs what the machines of a link's topics decide: asks Pusher for channels, and the server
 * for signatures and for history.
 */
import { type Clock, type CloseCause, type Position } from "@bellwire/core";
import { needsAuthorization, type ServerMessage, type Subscribe } from "@bellwire/core/adapter";
import type { ReceivedEvent } from "../../connection/pusher-connection.ts";
import { readErrorData } from "../../protocol/pusher-error.ts";
import { MESSAGES_PER_REQUEST } from "../routes.ts";
import { Collector } from "./collector.ts";
import { Roster } from "./roster.ts";
import type { RouteClient } from "./route-client.ts";
import { applicationEvent, channelRefusal, historyEvent, refusalOf } from "./topic-events.ts";
import { topicStep } from "./topic-machine.ts";
import { type HostedTopic, newTopic, type TopicEffect, type TopicEvent } from "./topic-state.ts";

/** The part of their link that the topics need. */
export interface TopicsHost {
  readonly clock: Clock;
  /** From [0, 1). */
  readonly random: () => number;
  readonly routes: RouteClient;
  /** Whether events carry their positions. Without them there is no history either. */
  readonly metadata: boolean;
  /** Sends an event to Pusher. */
  emit(event: string, data: unknown): void;
  /** Gives the channel a message, as a hub would send it. */
  say(message: ServerMessage): void;
  close(cause: CloseCause): void;
}

/** Milliseconds that Pusher has to answer a subscription. */
const JOIN = 10_000;

interface OpenTopic {
  now: HostedTopic;
  /** The members of a `presence-` topic. */
  readonly roster: Roster | undefined;
  /** Whether Pusher was asked, so that it has to be notified when the channel leaves. */
  asked: boolean;
  /** Cancel the timers for Pusher's answer and for a missing notification. */
  cancelJoin?: () => void;
  cancelWait?: () => void;
}

interface DueRead {
  readonly open: OpenTopic;
  readonly number: number;
  readonly after: Position | undefined;
}

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
    const { routes } = this.#host;
    const open = this.#open.get(topic) ?? {
      now: newTopic({ topic, history: routes.has("history"), ownEpoch: `pusher-${routes.socket}` }),
      roster: topic.startsWith("presence-") ? new Roster(topic) : undefined,
      asked: false,
    };
    this.#open.set(topic, open);
    this.#step(open, { type: "subscribe", ref, position });
  }

  unsubscribe(topic: string): void {
    this.#step(this.#open.get(topic), { type: "unsubscribe" });
  }

  /** Skips this end's own notification, which Pusher does not deliver to it. */
  skip(topic: string, position: Position): void {
    const arrival = { kind: "skip" } as const;
    if (this.#host.metadata) this.#step(this.#open.get(topic), { type: "arrived", place: position, arrival });
  }

  /** Compares all topics with the history. */
  check(): void {
    for (const open of Array.from(this.#open.values())) this.#step(open, { type: "check" });
  }

  /** Takes an event of Pusher's. */
  receive({ event, channel = "", data }: ReceivedEvent): void {
    if (event === "pusher:error") return this.#refused(data);
    const open = this.#open.get(channel);
    if (!open) return;
    const { clock, metadata } = this.#host;
    switch (event) {
      case "pusher_internal:subscription_succeeded":
        open.cancelJoin?.();
        open.roster?.reset(data);
        return this.#step(open, { type: "joined" });
      case "pusher_internal:member_added":
        return this.#sayChange(open, open.roster?.added(data));
      case "pusher_internal:member_removed":
        return this.#sayChange(open, open.roster?.removed(data));
      default:
        if (!event.startsWith("pusher"))
          this.#step(open, applicationEvent(channel, event, data, metadata, clock.wall()));
    }
  }

  /** Drops all topics: the link is over. */
  clear(): void {
    for (const open of this.#open.values()) release(open);
    this.#open.clear();
  }

  /** Before the topic is live, the list that comes with the answer contains the change. */
  #sayChange({ now }: OpenTopic, change: ServerMessage | undefined): void {
    if (change && now.state === "live") this.#host.say(change);
  }

  /** Lets a topic decide, unless it was left meanwhile, and performs the effects. */
  #step(open: OpenTopic | undefined, event: TopicEvent | undefined): void {
    if (!open || !event || this.#open.get(open.now.topic) !== open) return;
    const { next, effects } = topicStep(open.now, event);
    open.now = next;
    for (const effect of effects) this.#perform(open, effect);
    if (open.now.state !== "left") return;
    release(open);
    this.#open.delete(open.now.topic);
  }

  #perform(open: OpenTopic, effect: TopicEffect): void {
    const { topic } = open.now;
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
        // Clients that miss the same notification must not all ask at the same moment.
        const ms = effect.ms * (0.5 + random() / 2);
        open.cancelWait = clock.after(ms, () => this.#step(open, { type: "waited" }));
      }
    }
  }

  #join(
    open: OpenTopic,
    signature: { readonly auth: string; readonly channel_data?: string | undefined },
  ): void {
    open.asked = true;
    this.#host.emit("pusher:subscribe", { ...signature, channel: open.now.topic });
    // Pusher does not always say which subscription it refused.
    open.cancelJoin = this.#host.clock.after(JOIN, () =>
      this.#host.close({ code: "link_lost", reason: "Pusher did not answer a subscription" }),
    );
  }

  async #authorize(due: readonly OpenTopic[]): Promise<void> {
    const answer = await this.#host.routes.authorize(due.map(({ now }) => now.topic));
    if ("code" in answer && answer.code === "unauthorized") return this.#host.close(answer);
    for (const open of due) {
      const { topic } = open.now;
      if (this.#open.get(topic) !== open) continue;
      const found = "code" in answer ? undefined : answer.find(({ channel }) => channel === topic);
      const { auth, channel_data } = found ?? {};
      if (auth !== undefined) this.#join(open, { auth, channel_data });
      else {
        const refusal = "code" in answer ? refusalOf(answer) : channelRefusal(found?.error);
        this.#step(open, { type: "refused", refusal });
      }
    }
  }

  async #read(due: readonly DueRead[]): Promise<void> {
    const questions = due.map(({ open, after }, index) => {
      const { topic } = open.now;
      return { type: "subscribe", ref: index + 1, topic, ...(after && { position: after }) } as const;
    });
    const answer = await this.#host.routes.ask("history", questions);
    if ("code" in answer && answer.code === "unauthorized") return this.#host.close(answer);
    for (const [index, { open, number }] of due.entries()) {
      const event =
        "code" in answer
          ? ({ type: "unread", number, refusal: refusalOf(answer) } as const)
          : historyEvent(open.now.topic, number, index + 1, answer);
      this.#step(open, event);
    }
  }

  #refused(data: unknown): void {
    const { code = "forbidden", message = "", channel } = readErrorData(data);
    // Pusher itself names the channel in the text of the message only, if at all.
    const joining = Array.from(this.#open.values()).filter(({ now }) => now.state === "joining");
    const open = joining.find(({ now: { topic } }) =>
      channel === undefined ? message.includes(topic) : topic === channel,
    );
    open?.cancelJoin?.();
    this.#step(open, { type: "refused", refusal: { code, message: "Pusher refused the subscription" } });
  }
}

function release({ cancelJoin, cancelWait }: OpenTopic): void {
  cancelJoin?.();
  cancelWait?.();
}
