/**
 * Why a side has its role, one sentence for the side that gained it and one for the side that lost it (or did not get it). Past tense:
 * this is history, and is shown with its time.
 */
import type { PairEvent } from '../events'
import type { ReasonCode } from '../../protocol/reasons'
import type { Role } from '../../protocol/role'
import type { Text } from './text'

interface TwoSides {
  /** Of this side's becoming Active. */
  readonly gains: Text
  /** Of its becoming anything else. */
  readonly loses: Text
}

type RoleReason = Extract<PairEvent, { readonly event: 'role' }>['reason']

export const ROLE_TEXTS: Readonly<Record<RoleReason, TwoSides>> = {
  'cannot-negotiate': {
    gains: {
      en: '{here} became Active: {peer} had not answered since the start.',
      zh: '{here} 升为主：启动后 {peer} 一直无应答。'
    },
    loses: {
      en: '{here} became {role}: {peer} had not answered since the start.',
      zh: '{here} 变为{role}：启动后 {peer} 一直无应答。'
    }
  },
  negotiated: {
    gains: {
      en: '{here} became Active: it agreed on the roles with {peer}.',
      zh: '{here} 与 {peer} 商定角色，{here} 升为主。'
    },
    loses: {
      en: '{here} became {role}: it agreed on the roles with {peer}.',
      zh: '{here} 与 {peer} 商定角色，{here} 变为{role}。'
    }
  },
  designated: {
    gains: { en: '{here} became Active: handed over by {peer}.', zh: '{peer} 将角色移交给 {here}，{here} 升为主。' },
    loses: { en: '{here} became {role}: {peer} decided so.', zh: '{here} 变为{role}：由 {peer} 决定。' }
  },
  operator: {
    gains: {
      en: '{here} became Active: an operator switched over from {peer}.',
      zh: '操作员从 {peer} 切换到 {here}，{here} 升为主。'
    },
    loses: {
      en: '{here} became {role}: an operator switched over to {peer}.',
      zh: '操作员从 {here} 切换到 {peer}，{here} 变为{role}。'
    }
  },
  'operator-forced': {
    gains: {
      en: '{here} became Active: an operator forced it without the consent of {peer}.',
      zh: '操作员未经 {peer} 确认强制将 {here} 升为主。'
    },
    loses: {
      en: '{here} became {role}: an operator forced it without the consent of {peer}.',
      zh: '操作员未经 {peer} 确认强制将 {here} 变为{role}。'
    }
  },
  'lost-connection': {
    gains: {
      en: '{here} took over: nothing was heard from {peer} for {after}.',
      zh: '{here} 接替：{after}内未收到 {peer} 的任何报文。'
    },
    loses: {
      en: '{here} became {role}: nothing was heard from {peer} for {after}.',
      zh: '{here} 变为{role}：{after}内未收到 {peer} 的任何报文。'
    }
  },
  'peer-crashed': {
    gains: {
      en: '{here} took over: Node-RED on {peer} had crashed.',
      zh: '{here} 接替：{peer} 上的 Node-RED 已崩溃。'
    },
    loses: {
      en: '{here} became {role}: Node-RED on {peer} had crashed.',
      zh: '{here} 变为{role}：{peer} 上的 Node-RED 已崩溃。'
    }
  },
  'peer-left': {
    gains: { en: '{here} took over: {peer} was shut down normally.', zh: '{here} 接替：{peer} 已正常停止。' },
    loses: { en: '{here} became {role}: {peer} was shut down normally.', zh: '{here} 变为{role}：{peer} 已正常停止。' }
  },
  'peer-removed': {
    gains: {
      en: '{here} took over: this pair was removed, stopped or changed on {peer}.',
      zh: '{here} 接替：{peer} 上的该对已被移除、停用或更改。'
    },
    loses: {
      en: '{here} became {role}: this pair was removed, stopped or changed on {peer}.',
      zh: '{here} 变为{role}：{peer} 上的该对已被移除、停用或更改。'
    }
  },
  'peer-restarted': {
    gains: { en: '{here} took over: {peer} had restarted.', zh: '{here} 接替：{peer} 已重启。' },
    loses: { en: '{here} became {role}: {peer} had restarted.', zh: '{here} 变为{role}：{peer} 已重启。' }
  },
  'peer-active': {
    gains: { en: '{here} became Active.', zh: '{here} 升为主。' },
    loses: { en: '{here} became {role}: {peer} was Active already.', zh: '{here} 变为{role}：{peer} 已是主。' }
  },
  'higher-epoch': {
    gains: {
      en: '{here} stayed Active: its epoch was newer than that of {peer}.',
      zh: '{here} 保持为主：其 epoch 比 {peer} 的更新。'
    },
    loses: {
      en: '{here} yielded: both were Active, and {peer} had the newer epoch.',
      zh: '{here} 让位：双方同时为主，{peer} 的 epoch 更新。'
    }
  },
  'tie-break': {
    gains: {
      en: '{here} stayed Active: both were, with equal rights, and it ranks before {peer}.',
      zh: '{here} 保持为主：双方同时为主且权利相同，{here} 排在 {peer} 之前。'
    },
    loses: {
      en: '{here} yielded: both were Active with equal rights, and {peer} ranks before it.',
      zh: '{here} 让位：双方同时为主且权利相同，{peer} 排在 {here} 之前。'
    }
  },
  'larger-token': {
    gains: {
      en: '{here} stayed Active: both were, and its token was larger.',
      zh: '{here} 保持为主：双方同时为主，{here} 的令牌较大。'
    },
    loses: {
      en: '{here} yielded: both were Active, and the token of {peer} was larger.',
      zh: '{here} 让位：双方同时为主，{peer} 的令牌较大。'
    }
  },
  'lease-expired': {
    gains: { en: '{here} became Active: the lease of {peer} had ended.', zh: '{here} 升为主：{peer} 的租约已到期。' },
    loses: {
      en: '{here} stopped serving: {peer} no longer acknowledged, and the policy does not let {here} go on alone.',
      zh: '{here} 停止服务：{peer} 不再确认，按策略 {here} 不得单独服务。'
    }
  },
  'half-open': {
    gains: {
      en: '{here} became Active: {peer} is not Active and does not hear {here}.',
      zh: '{here} 升为主：{peer} 不是主，且收不到 {here}。'
    },
    loses: { en: '{here} stopped serving: {peer} does not hear it.', zh: '{here} 停止服务：{peer} 收不到 {here}。' }
  },
  failback: {
    gains: {
      en: '{here} took its role back from {peer}: it has the higher priority.',
      zh: '{here} 优先级较高，从 {peer} 收回角色。'
    },
    loses: {
      en: '{here} gave the role back to {peer}, which has the higher priority.',
      zh: '{here} 将角色交还给优先级较高的 {peer}。'
    }
  },
  'less-fit': {
    gains: { en: '{here} took over: {peer} was less fit to serve.', zh: '{here} 接替：{peer} 的适合度较低。' },
    loses: {
      en: '{here} handed over to {peer}: {here} was less fit to serve.',
      zh: '{here} 的适合度较低，移交给 {peer}。'
    }
  },
  'host-stalled': {
    gains: { en: '{here} took over: the flows on {peer} were blocked.', zh: '{here} 接替：{peer} 上的流程阻塞。' },
    loses: {
      en: '{here} handed over to {peer}: the flows on {here} were blocked.',
      zh: '{here} 上的流程阻塞，移交给 {peer}。'
    }
  },
  'handover-aborted': {
    gains: {
      en: '{here} stayed Active: {peer} did not take over in time.',
      zh: '{here} 保持为主：{peer} 未在限定时间内接替。'
    },
    loses: { en: '{here} became {role}: the handover was broken off.', zh: '{here} 变为{role}：切换已中止。' }
  },
  removed: {
    gains: { en: '{here} became Active: {peer} was removed.', zh: '{here} 升为主：{peer} 已被移除。' },
    loses: {
      en: '{here} left the role: its pair was removed or its settings changed.',
      zh: '{here} 放弃角色：该对已被移除或配置已更改。'
    }
  },
  shutdown: {
    gains: { en: '{here} became Active: {peer} was shut down normally.', zh: '{here} 升为主：{peer} 已正常停止。' },
    loses: {
      en: '{here} left the role: its Node-RED was shut down normally.',
      zh: '{here} 放弃角色：其 Node-RED 正常停止。'
    }
  },
  'proof-wrong': {
    gains: { en: '{here} became Active.', zh: '{here} 升为主。' },
    loses: {
      en: '{here} stepped back: {peer} lives, though its crash had seemed proved.',
      zh: '{here} 让位：{peer} 仍存活，先前的崩溃判定有误。'
    }
  },
  'restored-copy': {
    gains: { en: '{here} became Active.', zh: '{here} 升为主。' },
    loses: {
      en: '{here} became {role}: it is a restored or second copy, for {peer} answered what it never sent.',
      zh: '{here} 变为{role}：它是恢复的或多余的副本，{peer} 应答了它从未发送的内容。'
    }
  },
  'engine-crashed': {
    gains: { en: '{here} became Active.', zh: '{here} 升为主。' },
    loses: {
      en: '{here} lost its role: the engine of this package crashed.',
      zh: '{here} 失去角色：本软件包的引擎崩溃。'
    }
  }
}

/** For a code of a newer engine too. */
const BECAME: Text = { en: '{here} became {role}.', zh: '{here} 变为{role}。' }

export function roleText(reason: ReasonCode, role: Role): Text {
  if (!(reason in ROLE_TEXTS)) return BECAME
  const sides = ROLE_TEXTS[reason as RoleReason]
  return role === 'active' ? sides.gains : sides.loses
}
