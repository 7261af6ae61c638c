import * as fc from "fast-check"

/** A mutant that lives shows itself soon, or not at all. */
fc.configureGlobal({ interruptAfterTimeLimit: 2_000 })
