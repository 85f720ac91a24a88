export { type CanaryOptions, canary } from "./canary.ts";
export { bucketEnd, type Distribution } from "./distribution.ts";
export type { CanaryReport, WireReport } from "./report.ts";
export { type CanarySum, sumReports } from "./sum.ts";
