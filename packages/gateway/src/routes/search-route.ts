import { SHORT } from '../cache-control.ts';
import type { Link } from '../http/link.ts';
import { SEARCH_ROWS_DEFAULT, SEARCHED_ROWS_PER_TOKEN } from '../limits.ts';
import { JSON_TYPE } from '../media-types.ts';
import { wordsOf } from '../namespace-index.ts';
import { sendJson } from '../respond.ts';
import { type App, addRoute } from '../route.ts';
import * as requests from '../schemas/requests.ts';
import * as schemas from '../schemas/responses.ts';
import type { Services } from '../services.ts';
import { countWithinSession } from '../session/apply-session.ts';
import { namespaceView } from '../views.ts';

export function addSearchRoute(app: App, services: Services): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/namespaces',
      tag: 'chains',
      summary: 'Namespaces by beginning of the label, words, kind of strategy and time, by label',
      query: requests.SearchQuery,
      responses: {
        200: {
          description: 'One page; Link has the next',
          content: { [JSON_TYPE]: schemas.NamespaceView.array() },
        },
      },
    },
    async ({ request, response, query, search }) => {
      const from = query.from ?? 0;
      const count = countWithinSession(request, 'pageRowsMax', query.count, SEARCH_ROWS_DEFAULT);
      const hits = await services.namespaceSearch.search({
        prefix: query.prefix,
        words: wordsOf(query.search ?? ''),
        kind: query.kind,
        sinceMs: query.since,
        untilMs: query.until,
        from,
        count,
      });
      const tokens = Math.ceil(hits.examined / SEARCHED_ROWS_PER_TOKEN);
      services.bucketOf(request.socket).owe(tokens, services.clock);
      const infos = await Promise.all(hits.namespaces.map((id) => services.ledger.info(id)));
      const rows = infos.filter((info) => info !== undefined).map(namespaceView);
      const links: Link[] = [{ target: pageOf(search, 0), rel: 'first' }];
      if (from > 0) links.push({ target: pageOf(search, Math.max(0, from - count)), rel: 'prev' });
      if (hits.more && count > 0) links.push({ target: pageOf(search, from + count), rel: 'next' });
      await sendJson(request, response, rows, { cacheControl: SHORT, links, compress: true });
    },
  );
}

/** The same search from another row on. */
function pageOf(search: string, from: number): string {
  const params = new URLSearchParams(search);
  params.set('from', String(from));
  return `/namespaces?${params.toString()}`;
}
