/**
 * What nodes do for each other without trusting each other: witnesses cosign, relays and archives
 * copy, caches answer in place of an origin, time stamps say when.
 *
 * @module
 */
export type { Route, RouteRequest, RouteResponse } from './routes.ts';
