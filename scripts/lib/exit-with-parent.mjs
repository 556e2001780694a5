/**
 * Loaded before the web and the worker (node --import): should `npm start` be killed, the channel to it
 * closes, and they end as they would on Ctrl-C, so that nothing is left behind.
 */
process.channel?.unref();
process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
