/**
 * Every option of the client half, the hub and the hosted service, given values that it must
 * refuse.
 */
import { createServer } from "node:http";
import { pusherTransport } from "@bellwire/adapter-pusher/client";
import { attachPusherRoutes, hostedPusher } from "@bellwire/adapter-pusher/hosted";
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { defineTopics } from "@bellwire/core";
import { OPTION_SECRET, optionConformance } from "@bellwire/core/conformance";
import { createHub } from "@bellwire/core/server";
import { describe, it } from "vitest";

const hub = createHub({ topics: defineTopics({}) });
const app = { id: "1", key: "key", secret: OPTION_SECRET };
const origins = ["undefined", "a star", "an array", "an array of origins"];
const names = ["a string"];
const flags = ["undefined", "true", "false"];
const texts = [
  "a string",
  "a huge string",
  "a path",
  "a path with a query",
  "a URL",
  "a page's origin",
  "a star",
];
const functions = ["undefined", "a function"];

optionConformance(
  [
    {
      path: "pusherTransport",
      make: (options) => pusherTransport(options as never),
      given: { key: "key", cluster: "eu" },
      keys: {
        key: names,
        cluster: names,
        metadata: flags,
        forceTLS: flags,
        wsHost: ["undefined", ...texts],
        wsPort: ["undefined", "one"],
        positionCheck: ["undefined", "one"],
        headers: functions,
        fetch: functions,
        clock: ["undefined"],
      },
    },
    {
      path: "attachPusher",
      make: (options) => attachPusher(hub, createServer(), options as never),
      given: { app },
      keys: {
        path: ["undefined", "an empty string", "a path"],
        allowedOrigins: origins,
        clientEvents: flags,
        activityTimeout: ["undefined"],
        subscriptionCount: flags,
        webhooks: ["undefined", "an array", "an array of origins", "an array of paths"],
      },
    },
    {
      path: "attachPusherRoutes",
      make: (options) => attachPusherRoutes(hub, createServer(), options as never),
      given: { app },
      keys: {
        path: ["undefined", "a path"],
        allowedOrigins: origins,
        onWebhook: functions,
        onError: functions,
      },
    },
    {
      path: "hostedPusher",
      make: (options) => hostedPusher(options as never),
      given: { appId: "1", key: "key", secret: OPTION_SECRET, cluster: "eu" },
      keys: {
        appId: names,
        key: names,
        secret: texts,
        port: ["undefined", "one"],
        useTLS: flags,
        timeout: ["undefined", "one"],
        metadata: flags,
        onError: functions,
        clock: ["undefined"],
      },
    },
  ],
  { describe, it },
);
