/**
 * The people of the demonstration: a dozen simulated ones, and seats for visitors who want a
 * particular role.
 */
import type { NewAccount } from "../accounts.ts";

/** Where they live, in degrees. */
export const HOME = { latitude: 52.517, longitude: 13.389 } as const;

/** The password of every seat. */
export const DEMO_PASSWORD = "demo-demo";

/** A place near home; the same number is the same place. */
export function near(number: number): { readonly latitude: number; readonly longitude: number } {
  const angle = number * 2.4;
  const distance = 0.004 + (number % 5) * 0.004;
  return {
    latitude: HOME.latitude + Math.sin(angle) * distance,
    longitude: HOME.longitude + Math.cos(angle) * distance * 1.6,
  };
}

const names = ["Lena", "Omar", "Yuki", "Pablo", "Freja", "Tariq", "Chloe", "Mateo", "Aisha", "Jonas"];

/** The simulated members. */
export const MEMBERS: readonly NewAccount[] = names.map((name, index) => ({
  id: name.toLowerCase(),
  name,
  role: "member",
  ...near(index),
}));

/** The simulated trainer, who answers every visitor. */
export const TRAINER: NewAccount = { id: "noor", name: "Noor", role: "trainer", ...HOME };

/** The simulated administrator. */
export const ADMIN: NewAccount = { id: "ida", name: "Ida", role: "admin", ...HOME };

/**
 * Accounts that nobody simulates, for people who sit at two devices. Kim trains Alex and Sam; Ruth
 * announces.
 */
export const SEATS: readonly NewAccount[] = [
  { id: "alex", name: "Alex", role: "member", password: DEMO_PASSWORD, ...near(11) },
  { id: "sam", name: "Sam", role: "member", password: DEMO_PASSWORD, ...near(12) },
  { id: "kim", name: "Kim", role: "trainer", password: DEMO_PASSWORD, ...HOME },
  { id: "ruth", name: "Ruth", role: "admin", password: DEMO_PASSWORD, ...HOME },
];
