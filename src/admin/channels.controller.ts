import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { AdminRole, CurrentActor } from '../auth/admin.guard.js';
import { AuditService } from '../auth/audit.service.js';
import type { Actor } from '../auth/request.js';
import { ChannelTester, type ChannelTestResult } from '../catalog/channel-tester.js';
import type { ChannelView } from '../catalog/channel-view.js';
import { ChannelsService } from '../catalog/channels.service.js';
import type { Channel } from '../catalog/route.js';
import { LazuError } from '../errors.js';
import { providerNamed } from '../providers/index.js';
import { CreateChannelDto, TestChannelDto, UpdateChannelDto } from './channels.dto.js';
import { pageOf, PageQuery, sliceOf, type Page } from './page.js';

@Controller('api/admin/channels')
@AdminRole('admin')
export class ChannelsController {
  constructor(
    private readonly channels: ChannelsService,
    private readonly audit: AuditService,
    @Inject(ChannelTester) private readonly tester: ChannelTester,
  ) {}

  @Post()
  create(@Body() body: CreateChannelDto, @CurrentActor() actor: Actor): Promise<ChannelView> {
    return this.channels.create(body, checkByProvider, this.audit.trailOf(actor));
  }

  @Get()
  @AdminRole('viewer')
  async list(@Query() query: PageQuery): Promise<Page<ChannelView>> {
    return pageOf(await this.channels.list(sliceOf(query)), query);
  }

  @Get(':id')
  @AdminRole('viewer')
  get(@Param('id') id: string): Promise<ChannelView> {
    return this.channels.get(id);
  }

  @Patch(':id')
  update(@Param('id') id: string, @Body() body: UpdateChannelDto, @CurrentActor() actor: Actor): Promise<ChannelView> {
    return this.channels.update(id, body, checkByProvider, this.audit.trailOf(actor));
  }

  @Delete(':id')
  async delete(@Param('id') id: string, @CurrentActor() actor: Actor) {
    await this.channels.delete(id, this.audit.trailOf(actor));
    return { id, object: 'channel', deleted: true };
  }

  /** A minimal real call: what the provider answers is the result, not an error. */
  @Post(':id/test')
  @HttpCode(200)
  async test(@Param('id') id: string, @Body() body: TestChannelDto): Promise<ChannelTestResult> {
    const { channel, model, upstreamModel } = await this.channels.trial(id, body?.model);
    return this.tester.test(channel, model, upstreamModel);
  }
}

/** @throws LazuError invalid_value with the provider's own sentence, which begins with the field it is about */
function checkByProvider(channel: Channel): void {
  const provider = providerNamed(channel.provider);
  const { protocol } = channel.options;
  if (provider && protocol !== undefined && !provider.protocols.some(name => name === protocol)) {
    const message = `\`options.protocol\` of a ${provider.name} channel must be one of ${provider.protocols.join(', ')}.`;
    throw new LazuError('invalid_value', message, { param: 'options.protocol' });
  }
  const wrong = provider?.checkChannel?.(channel);
  if (wrong === undefined) return;
  const param = /^(base_url|credential|options)[\w.]*(?=:)/.exec(wrong)?.[0] ?? 'credential';
  throw new LazuError('invalid_value', wrong, { param });
}
