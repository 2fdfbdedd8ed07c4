/** Bounds of retention, each with its reason. */

/** Rules of a policy: each block is held against all of them. */
export const RULES_MAX = 256;

/** Values in one list of a rule, for the same reason. */
export const RULE_VALUES_MAX = 1_024;

/** A hundred years: beyond it a timestamp minus the days would leave the range of the clock. */
export const DAYS_MAX = 36_525;

export const DAY_MS = 86_400_000;

/** Entries per read: one bundle. */
export const PAGE_BLOCKS = 256;

/** Blocks looked at for one plan: bounds its list of indexes and how long a pass holds on. */
export const PLAN_BLOCKS_MAX = 65_536;

/** Time between passes, milliseconds: payloads age by the day, so an hour is often enough. */
export const INTERVAL_MS_DEFAULT = 3_600_000;

/** Blocks behind a forecast at most. */
export const SAMPLE_BLOCKS_MAX = 65_536;

/** Days behind a forecast at most: a week, since weekends differ. */
export const SAMPLE_DAYS = 7;
