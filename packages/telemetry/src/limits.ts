/** Bounds of telemetry, each with its reason. */

/**
 * Distinct values that one label keeps; further ones are counted as `other`. Prometheus keeps
 * every series in memory for hours, so a label fed by strangers must not grow.
 */
export const LABEL_VALUES_MAX = 64;

/** Series of one metric: the product of its labels' values is cut here, the rest is `other`. */
export const SERIES_MAX = 1_024;

/** Labels of one metric; more than a handful makes the product explode. */
export const LABELS_MAX = 6;

/** UTF-16 units of one label value; longer ones are cut before they are counted. */
export const LABEL_VALUE_LENGTH_MAX = 128;

/** Metrics of one registry: a typing mistake in a loop must not fill the memory. */
export const METRICS_MAX = 512;

/** UTF-16 units of one text in a log line; longer ones are cut, with the length told. */
export const LOG_TEXT_LENGTH_MAX = 8_192;

/** Levels of nested objects in a log line; deeper ones are replaced by a word. */
export const LOG_DEPTH_MAX = 4;

/** Items of one list or object in a log line. */
export const LOG_ITEMS_MAX = 64;

/** Tunables of one process: each is drawn and told one by one. */
export const TUNABLES_MAX = 64;

/** Changes that a tunable remembers, for `/control` and the page: an hour of a busy controller. */
export const CHANGES_KEPT = 64;

/** UTF-16 units of a key in a heat map; longer ones are cut before they are counted. */
export const HEAT_KEY_LENGTH_MAX = 160;

/** Parts of a program that have a log level of their own. */
export const LOG_PARTS_MAX = 64;
