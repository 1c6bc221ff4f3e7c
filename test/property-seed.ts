import fc from 'fast-check'

/** Properties are tried with the same cases each time, so that a run's verdict is one of the code; others by this variable. */
const { PROPERTY_SEED = '1' } = process.env

fc.configureGlobal({ seed: Number(PROPERTY_SEED) })
