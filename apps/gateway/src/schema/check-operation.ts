import type { AuthCheckerFn } from 'type-graphql';
import type { Role } from '@licet/database';
import type { GatewayContext } from '../context.js';

/** `@Authorized(role)`: the least role that may run the operation. Throws FORBIDDEN itself, with what is missing. */
export const checkOperation: AuthCheckerFn<GatewayContext, Role> = ({ context, info }, [role]) => {
  if (role === undefined) throw new Error(`\`${info.fieldName}\` names no role`);
  context.access.requireOperation(info.fieldName, role);
  return true;
};
