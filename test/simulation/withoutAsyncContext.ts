/**
 * Import this before effect: fibers then no longer capture Node's async context whenever they wait. Nothing that is simulated
 * reads it, and it costs a sixth of the time.
 */
const { getBuiltinModule } = process

process.getBuiltinModule = ((name: string) =>
  name === "node:async_hooks" ? undefined : getBuiltinModule(name)) as typeof getBuiltinModule
