import { afterAll, beforeAll, vi } from "vitest";

/** Keeps the errors that the kit's listeners throw on purpose out of the output of a test file. */
export function hideConsoleErrors(): void {
  beforeAll(() => {
    vi.spyOn(console, "error").mockImplementation(() => {});
  });
  afterAll(() => {
    vi.restoreAllMocks();
  });
}
