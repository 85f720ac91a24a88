/**
 * Brings the demonstration to life: a dozen people on channels of their own, in this process, who
 * do what people do.
 */
import { createChannel, type NotificationChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { type Topics, topics } from "../../contract.ts";
import type { Running } from "../start.ts";
import { editPlan } from "./editors.ts";
import { ADMIN, MEMBERS, TRAINER } from "./people.ts";
import { CHALLENGE, SESSIONS } from "./seed.ts";
import type { Stage } from "./stage.ts";
import { coachVisitor } from "./trainer.ts";

export interface Simulation {
  /** The trainer looks after a visitor: a new one, or one from before a restart. */
  coach(visitorId: string, isNew: boolean): void;
  /** Everybody leaves; nothing is done after it returns. */
  stop(): void;
}

const NEWS = [
  "The pool is open until ten tonight.",
  "New: yoga on the roof, Fridays at seven.",
  "Half way through the challenge. Keep going!",
] as const;

/** Begins at once. `failed` hears what went wrong. */
export function simulate({ hub, tokens }: Running, failed: (error: unknown) => void): Simulation {
  const channels = new Map<string, NotificationChannel<Topics>>();
  const timers = new Set<NodeJS.Timeout>();
  const endings: (() => void)[] = [];
  let stopped = false;

  const stage: Stage = {
    channelOf({ id, name, role }) {
      const known = channels.get(id);
      if (known) return known;
      const channel = createChannel({
        topics,
        transport: memoryTransport(hub),
        token: async () => (await tokens.issue({ user: id, name, role })).token,
      });
      channels.set(id, channel);
      return channel;
    },
    every(ms, work) {
      stage.later(ms * (0.7 + Math.random() * 0.6), async () => {
        await attempt(work);
        if (!stopped) stage.every(ms, work);
      });
    },
    later(ms, work) {
      const timer = setTimeout(() => {
        timers.delete(timer);
        void attempt(work);
      }, ms);
      timers.add(timer);
    },
    atEnd: (work) => void endings.push(work),
  };

  async function attempt(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!stopped) failed(error);
    }
  }

  trainTogether(stage);
  compete(stage);
  lookForPartners(stage);
  editPlan(stage);
  announce(stage);
  return {
    coach: (visitorId, isNew) => coachVisitor(stage, visitorId, isNew),
    stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      for (const end of endings) end();
      for (const channel of channels.values()) channel.close();
    },
  };
}

function pick<T>(list: readonly T[]): T {
  return list[Math.floor(Math.random() * list.length)] as T;
}

/**
 * Most members are in one of the live workouts, each at a pace of its own; now and then one takes a
 * break.
 */
function trainTogether(stage: Stage): void {
  for (const [index, account] of MEMBERS.slice(0, 8).entries()) {
    const session = SESSIONS[index % SESSIONS.length];
    if (!session) return;
    const topic = `presence-session.${session.id}` as const;
    const channel = stage.channelOf(account);
    channel.subscribe(topic);
    const pace = (session.kind === "ride" ? 7 : 3) * (0.8 + Math.random() * 0.4);
    let metres = Math.round(Math.random() * 3_000);
    stage.every(1_000, async () => {
      metres = (metres + Math.round(pace * (0.8 + Math.random() * 0.4))) % 20_000;
      const pulse = 125 + index * 4 + Math.round(Math.random() * 8);
      if (channel.state === "connected") await channel.publish(topic, "move", { metres, pulse });
    });
  }
}

/** Somebody submits an activity, so that the leaderboard moves. */
function compete(stage: Stage): void {
  stage.every(2_500, () =>
    stage.channelOf(pick(MEMBERS)).publish(`private-challenge.${CHALLENGE}`, "submit", {
      metres: 100 + Math.round(Math.random() * 900),
    }),
  );
}

/** Some look for a partner, for a while; who was found by a visitor is back after some time. */
function lookForPartners(stage: Stage): void {
  for (const [index, account] of MEMBERS.slice(4).entries()) {
    const channel = stage.channelOf(account);
    channel.subscribe("presence-matching");
    let seeking = false;
    const turn = async (): Promise<void> => {
      seeking = !seeking;
      const kind = pick(["run", "ride", "strength"] as const);
      if (seeking) await channel.publish("presence-matching", "seek", { kind });
      else await channel.publish("presence-matching", "stop", {});
    };
    if (index % 2 === 0) stage.later(0, turn);
    stage.every(9_000 + index * 2_000, turn);
  }
}

function announce(stage: Stage): void {
  let next = 0;
  const tell = async (): Promise<void> => {
    const text = NEWS[next % NEWS.length] ?? "";
    next += 1;
    await stage.channelOf(ADMIN).publish("private-announcements", "announce", { text });
  };
  stage.later(20_000, tell);
  stage.every(180_000, tell);
  // Present, and ready to answer, from the beginning.
  stage.channelOf(TRAINER).connect();
}
