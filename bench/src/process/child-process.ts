/** The file that every child process of the benchmark runs. */
import { answerParent } from "./conversation.ts";

answerParent();
