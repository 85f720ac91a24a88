/**
 * Two simulated people who edit the shared plan, letter by letter, with a cursor that others see.
 */
import { PlanDocument } from "../../web/plan-document.ts";
import { MEMBERS } from "./people.ts";
import { PLAN } from "./seed.ts";
import type { Stage } from "./stage.ts";

const SCRIPTS = [
  { day: "wed", texts: ["Rest", "Rest, or swim 20 min", "Stretch, 15 min"] },
  { day: "sat", texts: ["Long ride, 60 km", "Long ride, 80 km, easy", "Trail run, 90 min"] },
] as const;

/** Milliseconds between two letters. */
const LETTER = 450;

/** Begins at once. */
export function editPlan(stage: Stage): void {
  for (const [index, { day, texts }] of SCRIPTS.entries()) {
    const account = MEMBERS[index + 2];
    if (!account) return;
    const plan = new PlanDocument(stage.channelOf(account), PLAN);
    stage.atEnd(() => plan.close());
    const text = plan.doc.getText(day);
    let turn = 0;
    let rest = 0;
    plan.awareness.setLocalState({ name: account.name, day });
    stage.every(LETTER, () => {
      if (rest-- > 0) return;
      const now = text.toJSON();
      const goal = texts[turn % texts.length] ?? "";
      if (now === goal) {
        turn += 1;
        rest = 30;
      } else if (goal.startsWith(now)) text.insert(now.length, goal.charAt(now.length));
      else text.delete(now.length - 1, 1);
    });
  }
}
