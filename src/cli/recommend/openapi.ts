import { z } from 'zod';
import { packageVersion } from '../package-info.js';
import type { Route } from './routes.js';
import { answers } from './schemas.js';

const json = (schema: unknown) => ({ 'application/json': { schema } });

/** The OpenAPI document of some routes. */
export function openApiOf(routes: readonly Route[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: { title: 'boltzkit recommender', version: packageVersion(), description: 'Recommendations of one trained recommender.' },
    paths,
    components: { schemas: { Error: schemaOf(answers.error, 'output') } },
  };
}

function operationOf({ method, path, summary, request, answer }: Route): object {
  const failed = (description: string) => ({ description, content: json({ $ref: '#/components/schemas/Error' }) });
  return {
    operationId: `${method}${path.replace(/\/(.)/g, (_, letter: string) => letter.toUpperCase())}`,
    summary,
    ...(request === null ? {} : method === 'get' ? { parameters: parametersOf(request) } : bodyOf(request)),
    responses: {
      200: { description: 'The answer', content: json(schemaOf(answer, 'output')) },
      ...(request === null ? {} : { 400: failed('The request is not as it should be'), 404: failed('There is no such user or item') }),
      ...(method === 'post' ? { 413: failed('The body is too large'), 415: failed('The body is not JSON') } : {}),
    },
  };
}

function parametersOf(request: z.ZodObject): object[] {
  const { properties = {}, required = [] } = schemaOf(request, 'output') as { properties?: Record<string, object>; required?: string[] };
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }));
}

function bodyOf(request: z.ZodObject): object {
  return { requestBody: { required: true, content: json(schemaOf(request, 'input')) } };
}

/** A schema as OpenAPI 3.1 takes it: JSON Schema, without the line that says which. */
function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
