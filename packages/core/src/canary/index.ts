export { type CanaryOptions, canary } from "./canary.ts";
export { bucketEnd, type Distribution } from "./distribution.ts";
export { readReport } from "./read-report.ts";
export type { CanaryReport, WireReport } from "./report.ts";
export { type CanarySum, sumReports } from "./sum.ts";
