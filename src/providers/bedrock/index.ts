import type { UpstreamRequest } from '../../egress/reply.js';
import { bedrockConverse } from '../../protocols/bedrock-converse/index.js';
import type { JsonObject } from '../../protocols/protocol.js';
import { defineProvider, type EnvironmentChannel, type Outgoing } from '../provider.js';
import { checkChannel, DEFAULT_REGION, endpointIn, keysOf, regionOf } from './channel.js';
import { isClaude, modelsIn, modelTraits } from './models.js';
import { sign } from './sign.js';
import { unframe } from './unframe.js';

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html */
const ANTHROPIC_VERSION = 'bedrock-2023-05-31';

type Values = Readonly<Record<string, string>>;
const regionIn = ({ AWS_REGION: region = DEFAULT_REGION }: Values): string => region;

const environment = {
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
  baseUrlVariable: 'AWS_ENDPOINT_URL_BEDROCK_RUNTIME',
  baseUrl: (values: Values) => endpointIn(regionIn(values)),
  serves: (values: Values) => ({ models: modelsIn(regionIn(values)) }),
  priority: 10,
};

/** The first whose variables are set, in the order of the official SDKs. */
const environments: readonly EnvironmentChannel[] = [
  // https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html
  { ...environment, variables: ['AWS_BEARER_TOKEN_BEDROCK'], optional: ['AWS_REGION'] },
  {
    ...environment,
    variables: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_REGION'],
    optional: ['AWS_SESSION_TOKEN'],
    credential: values => ({
      access_key_id: values.AWS_ACCESS_KEY_ID ?? '',
      secret_access_key: values.AWS_SECRET_ACCESS_KEY ?? '',
      ...(values.AWS_SESSION_TOKEN && { session_token: values.AWS_SESSION_TOKEN }),
      region: regionIn(values),
    }),
  },
];

/** Claude's own protocol says most of Claude, and its signed thoughts are taken wherever Claude is served. */
const protocolsFor = (model: string): (typeof bedrock)['protocols'] =>
  isClaude(model) ? bedrock.protocols : ['bedrock-converse'];

/** The model, which may be an ARN, is one part of the path. */
function path({ protocol, model, stream }: Outgoing): string {
  const base = `/model/${encodeURIComponent(model)}`;
  if (protocol === 'bedrock-converse') return stream ? `${base}/converse-stream` : `${base}/converse`;
  return stream ? `${base}/invoke-with-response-stream` : `${base}/invoke`;
}

function authorize({ channel, stream }: Outgoing): Record<string, string> {
  const { credential } = channel;
  return {
    ...(stream && { accept: 'application/vnd.amazon.eventstream' }),
    ...(typeof credential === 'string' && { authorization: `Bearer ${credential}` }),
  };
}

/** Model and stream are in the path, the version in the body. */
function adaptNative(body: JsonObject, { protocol }: Outgoing): JsonObject {
  if (protocol !== 'anthropic-messages') return body;
  const { model: _, stream: __, ...rest } = body;
  return { anthropic_version: ANTHROPIC_VERSION, ...rest };
}

/** What Anthropic takes as a header stands in the body here. */
function withBetas(request: UpstreamRequest): UpstreamRequest {
  const { 'anthropic-beta': betas, ...headers } = request.headers;
  if (betas === undefined || request.body === undefined) return request;
  const body = JSON.parse(Buffer.from(request.body).toString('utf8')) as JsonObject;
  const anthropic_beta = betas.split(',').map(beta => beta.trim());
  return { ...request, headers, body: Buffer.from(JSON.stringify({ ...body, anthropic_beta })) };
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html */
export const bedrock = defineProvider({
  name: 'bedrock',
  title: 'Amazon Bedrock',
  billsByServiceTier: true,
  protocols: ['anthropic-messages', 'bedrock-converse'],
  protocolsFor,
  baseUrl: endpointIn(DEFAULT_REGION),
  baseUrlFor: channel => endpointIn(regionOf(channel)),
  environment: environments,
  path,
  authorize,
  checkChannel,
  sign: (request, { channel }) => {
    const ready = withBetas(request);
    const keys = keysOf(channel);
    return keys ? sign(ready, regionOf(channel), keys, new Date()) : ready;
  },
  adaptNative,
  // https://platform.claude.com/docs/en/build-with-claude/vision: URLs are not fetched on Bedrock
  mustInline: () => true,
  readError: bedrockConverse.readError,
  unframe,
  modelTraits,
  streamUsage: 'always',
});
