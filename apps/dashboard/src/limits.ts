/** What bounds the page, with reasons. */

/** Ten minutes at one sample a second: what a node keeps, and what the lines show. */
export const SAMPLES_MAX = 600;
/** A node speaks each second; after this many milliseconds of silence its values count as old. */
export const SILENCE_MS_MAX = 4_000;
/** An answer that takes longer is none. */
export const ANSWER_MS_MAX = 8_000;
/** Pauses between tries: first quick (a restart takes a second), then without harm to the node. */
export const RETRY_MS: readonly number[] = [1_000, 2_000, 4_000, 8_000];
/** Rows of a matrix that a person can compare; the others are summed up. */
export const FLOW_LABELS_MAX = 16;
/** Nodes listed beside the map; a search finds the others. */
export const LISTED_NODES_MAX = 60;
/** Lines drawn on the map; more is a grey area. */
export const LINKS_DRAWN_MAX = 60_000;
/** Namespaces on the page; a node with more has them behind the explorer's search. */
export const NAMESPACES_MAX = 100;
/** Newest blocks on the page. */
export const BLOCKS_MAX = 24;
/** New blocks listed each second; faster ones are counted, as nobody reads them. */
export const BLOCKS_PER_LOOK = 8;
/** The newest blocks of this many namespaces are verified again and again. */
export const HEADS_MAX = 24;
/** Of the other namespaces, so many a second: a hundred have their turn within ten seconds. */
export const OTHERS_PER_LOOK = 8;
/** Refused blocks that stay on the page. */
export const REFUSED_MAX = 20;
