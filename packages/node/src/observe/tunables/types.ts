/** Looks at its sensors once; called each second. */
export type Look = () => void;

/** How much of the machine's memory is taken, 0 to 1; undefined where it does not tell. */
export type MemoryPressure = () => number | undefined;
