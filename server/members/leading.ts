/** What a house is given that leads a town on several machines. Types only. */
import type { Server } from 'node:http'
import type { OrElsewhere } from '../glossary/press.ts'
import type { Agreement, TownView } from '../glossary/member.ts'
import type { HandleShare } from '../tools/process/handle-share.ts'

export type Leading = {
  agreement: Agreement & { member: string; clockOffsetMs: number | null }
  /** By this member's own monotonic clock. */ mayMove(): boolean
  orElsewhere: OrElsewhere
  members(): TownView
  handles: HandleShare
  /** Origins of the other members. */ fellows(): readonly string[]
  /** Its requests come by the member's front from now on. @returns where that listens */ show(server: Server): string
}
