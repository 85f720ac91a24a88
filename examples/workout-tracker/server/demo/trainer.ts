/** The simulated trainer: greets a visitor, corrects now and then, and answers what is said. */
import { TRAINER } from "./people.ts";
import { coachingId } from "./seed.ts";
import type { Stage } from "./stage.ts";

const CORRECTIONS = [
  { exercise: "Squat", text: "Knees over your toes, and slower on the way down." },
  { exercise: "Running", text: "Shorter steps: aim for 170 a minute." },
  { exercise: "Plank", text: "Hips lower. Breathe." },
] as const;
const ANSWERS = [
  "Good. Keep it easy today.",
  "Sounds right. How was your sleep?",
  "Let us put that into the plan.",
  "Nice! Send me the numbers afterwards.",
] as const;

/** Milliseconds between two corrections, and how many a visitor gets at most. */
const PAUSE = 40_000;

/**
 * Looks after a visitor until the end. One who `isNew` is greeted and corrected; one who was here
 * before a restart is only answered.
 */
export function coachVisitor(stage: Stage, visitorId: string, isNew: boolean): void {
  const topic = `presence-coaching.${coachingId(TRAINER.id, visitorId)}` as const;
  const channel = stage.channelOf(TRAINER);
  const conversation = channel.subscribe(topic);
  let answers = 0;

  const say = (text: string, after: number): void => {
    stage.later(after, () => channel.publish(topic, "type", {}));
    stage.later(after + 1_500, () => channel.publish(topic, "say", { text }));
  };
  conversation.on("said", ({ data }) => {
    if (data.from === TRAINER.id) return;
    say(ANSWERS[answers % ANSWERS.length] ?? "", 800);
    answers += 1;
  });
  if (!isNew) return;
  say("Hello! I am Noor, your trainer. Write to me whenever you like.", 1_000);
  for (const [index, correction] of CORRECTIONS.entries())
    stage.later(8_000 + index * PAUSE, () => channel.publish(topic, "correct", correction));
}
