/**
 * The import arrows between the rooms of src/. A room may import itself, what its row names, and what every room may: config,
 * errors. Nobody imports an endpoint room or admin. Read a row as "room → the rooms it may know".
 */
const endpointRooms = [
  'completions',
  'models',
  'account',
  'responses',
  'embeddings',
  'files',
  'images',
  'audio',
  'search',
];
const endpointMayKnow = [
  ...['http', 'auth', 'catalog', 'protocols', 'dispatch', 'usage', 'limits', 'billing', 'payments', 'egress'],
];

const mayKnow = {
  protocols: [],
  egress: ['observability'],
  workers: ['observability'],
  database: ['observability', 'workers'],
  providers: ['protocols', 'egress'],
  catalog: ['protocols', 'database', 'workers', 'observability'],
  billing: ['database'],
  limits: ['billing', 'usage', 'workers', 'observability'],
  usage: ['billing', 'catalog', 'protocols', 'database', 'workers', 'observability'],
  alerts: ['billing', 'usage', 'limits', 'catalog', 'egress', 'database', 'workers', 'observability'],
  auth: ['catalog', 'limits', 'database', 'workers', 'observability'],
  payments: ['auth', 'limits', 'billing', 'database', 'observability'],
  http: ['auth', 'protocols', 'egress', 'observability'],
  dispatch: ['auth', 'protocols', 'providers', 'usage', 'limits', 'catalog', 'egress', 'http', 'observability'],
  health: ['database', 'usage', 'limits', 'catalog', 'auth', 'http', 'workers'],
  observability: [],
  'api-reference': ['http', 'protocols', 'auth'],
  admin: [...endpointMayKnow, 'alerts', 'database', 'providers'],
  ...Object.fromEntries(endpointRooms.map(room => [room, endpointMayKnow])),
};

const shared = ['config.ts', 'errors.ts'];

export const arrows = Object.entries(mayKnow).map(([room, known]) => ({
  target: `./src/${room}`,
  from: './src',
  except: [
    room,
    ...known,
    ...(room === 'protocols'
      ? ['errors.ts']
      : [...shared, ...(known.includes('database') || room === 'database' ? ['generated'] : [])]),
  ].map(path => `./${path}`),
  message: `${room}/ may import only itself, ${[...known, ...shared].join(', ')}`,
}));
