/**
 * Keeps fibers from capturing Node's async context each time that they wait, if it is imported before effect. Simulated
 * code does not read that context, and capturing it costs a sixth of the time.
 */
const { getBuiltinModule } = process

process.getBuiltinModule = ((name: string) =>
  name === "node:async_hooks" ? undefined : getBuiltinModule(name)) as typeof getBuiltinModule
