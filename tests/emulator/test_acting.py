"""People acting, seen through python-telegram-bot."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from telegram import Bot, MessageOriginUser, ReactionTypeEmoji, Update

from emulator import Chat, Person, Server, World
from emulator.media import CONTENTS
from tests.house import TOKEN

EVERYTHING = Update.ALL_TYPES


@pytest.fixture
async def bot(server: Server, world: World) -> AsyncIterator[Bot]:
    async with Bot(TOKEN, base_url=f"{server.url}/bot") as bot:
        await bot.get_updates(allowed_updates=EVERYTHING)
        yield bot


async def test_entities_are_counted_in_utf16_units(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """Commands, mentions and addresses are marked where a client marks them, after an emoji too."""
    world.say(chat, ann, "👍 /start@polar_test_bot to @friend1 https://example.org/a.")
    message = (await bot.get_updates())[0].message
    assert message is not None
    found = {kind: text for entity, text in message.parse_entities().items() for kind in [str(entity.type)]}
    assert found == {
        "bot_command": "/start@polar_test_bot",
        "mention": "@friend1",
        "url": "https://example.org/a",
    }


@pytest.mark.parametrize("kind", sorted(CONTENTS))
async def test_every_kind_of_message_can_be_parsed(world: World, ann: Person, chat: Chat, bot: Bot, kind: str) -> None:
    """Each has its content and its caption."""
    world.send(chat, ann, kind=kind, caption="look @friend1", media_group_id="1")
    message = (await bot.get_updates())[0].message
    assert message is not None
    assert getattr(message, kind)
    assert message.caption == "look @friend1"


async def test_a_reaction_carries_the_old_list_and_the_new_one(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """Given, added to and taken back, with the person who did it."""
    mid = world.say(chat, ann, "hello")
    world.react(chat, ann, mid, "👍")
    world.react(chat, ann, mid, "👍", {"type": "custom_emoji", "custom_emoji_id": "5"})
    world.react(chat, ann, mid)
    changes = [update.message_reaction for update in (await bot.get_updates())[1:]]
    assert [(len(c.old_reaction), len(c.new_reaction)) for c in changes if c] == [(0, 1), (1, 2), (2, 0)]
    assert changes[0] is not None
    assert changes[0].new_reaction[0] == ReactionTypeEmoji("👍")
    assert changes[0].user is not None
    assert changes[0].user.id == ann.id


async def test_anonymous_and_channel_reactions_name_no_person(world: World, ann: Person, bot: Bot) -> None:
    """A chat stands for the first; of a channel only counts are told."""
    group, channel = world.group("Friends", members=[ann]), world.channel("News")
    world.react(group, None, world.say(group, ann, "hello"), "👍", actor_chat=channel)
    post = world.say(channel, None, "news")
    world.react(channel, ann, post, "🔥")
    world.reaction_count(channel, post, {"👎": 1, "👍": 3})
    updates = await bot.get_updates()
    anonymous, counted, given = updates[1].message_reaction, updates[3], updates[4]
    assert anonymous is not None
    assert (anonymous.user, anonymous.actor_chat.id if anonymous.actor_chat else None) == (None, channel.id)
    assert updates[2].channel_post is not None
    assert counted.message_reaction_count is not None
    assert given.message_reaction_count is not None
    assert [count.total_count for count in given.message_reaction_count.reactions] == [3, 1]


async def test_messages_in_topics_reply_to_the_start_of_the_topic(world: World, ann: Person, bot: Bot) -> None:
    """Those outside of one have no thread."""
    forum = world.group("Forum", members=[ann], forum=True)
    topic = world.topic(forum, "Plans")
    world.say(forum, ann, "here", topic=topic)
    world.say(forum, ann, "there")
    inside, general = [update.message for update in await bot.get_updates()]
    assert inside is not None
    assert (inside.message_thread_id, inside.is_topic_message) == (topic, True)
    assert inside.reply_to_message is not None
    assert inside.reply_to_message.forum_topic_created is not None
    assert general is not None
    assert general.message_thread_id is None


async def test_a_button_can_be_pressed_on_messages_that_exist_or_not(
    world: World, ann: Person, chat: Chat, bot: Bot
) -> None:
    """The second kind comes with a message that cannot be reached."""
    sent = await bot.send_message(chat.id, "hi")
    world.press(chat, ann, sent.message_id, "yes")
    world.press(chat, ann, 1, "forged")
    known, gone = [update.callback_query for update in await bot.get_updates()]
    assert known is not None
    assert known.message is not None
    assert known.message.is_accessible
    assert await known.answer()
    assert gone is not None
    assert gone.message is not None
    assert not gone.message.is_accessible


async def test_edits_chats_that_speak_and_memberships_arrive(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """Each as an update of its own kind."""
    group = world.group("Friends", members=[ann])
    world.edit(chat, world.say(chat, ann, "one"), "two")
    world.say_as_chat(group, group, "anonymous")
    world.block(ann)
    world.remove_bot(group)
    _, edited, spoken, blocked, removed = await bot.get_updates()
    assert edited.edited_message is not None
    assert edited.edited_message.text == "two"
    assert spoken.message is not None
    assert spoken.message.sender_chat is not None
    assert spoken.message.from_user is not None
    assert spoken.message.from_user.id == 1087968824
    for change in (blocked.my_chat_member, removed.my_chat_member):
        assert change is not None
        assert change.new_chat_member.status == "kicked"


async def test_a_bot_can_look_at_itself_and_at_chats(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """Its commands, titles, members, custom emoji; it may type and react."""
    group = world.group("Friends", admins=[ann])
    await bot.set_my_commands([("start", "begin")])
    assert (await bot.get_my_commands())[0].command == "start"
    assert (await bot.get_chat(group.id)).title == "Friends"
    assert (await bot.get_chat_member(group.id, bot.id)).status == "administrator"
    assert (await bot.get_chat_member(group.id, ann.id)).status == "administrator"
    assert [member.user.id for member in await bot.get_chat_administrators(group.id)] == [ann.id]
    world.custom_emoji("5", "🔥")
    assert [sticker.emoji for sticker in await bot.get_custom_emoji_stickers(["5", "6"])] == ["🔥"]
    assert await bot.send_chat_action(chat.id, "typing")
    assert await bot.set_message_reaction(chat.id, world.say(chat, ann, "hello"), "👀")


async def test_who_leaves_a_group_is_told_of_twice_or_only_to_administrators(
    world: World, ann: Person, bot: Bot
) -> None:
    """By the membership, and by a message unless the group is large; who is thrown out was so by somebody."""
    bob, robot = world.person("Bob"), world.person("Robot", is_bot=True)
    group = world.group("Friends", members=[ann, bob], admins=[bob, robot])
    world.leave(group, ann)
    world.leave(group, bob, by=robot, announced=False)
    left, said, thrown = await bot.get_updates()
    assert left.chat_member is not None
    assert (left.chat_member.new_chat_member.status, left.chat_member.from_user.id) == ("left", ann.id)
    assert said.message is not None
    assert said.message.left_chat_member is not None
    assert said.message.left_chat_member.id == ann.id
    assert thrown.chat_member is not None
    assert thrown.chat_member.old_chat_member.status == "administrator"
    assert (thrown.chat_member.new_chat_member.status, thrown.chat_member.from_user.is_bot) == ("kicked", True)
    assert await bot.get_chat_administrators(group.id) == ()


def test_what_does_not_exist_cannot_be_acted_on(world: World, ann: Person, chat: Chat) -> None:
    """The error names it."""
    with pytest.raises(LookupError, match="no chat 5"):
        world.say(5, ann, "hello")
    with pytest.raises(LookupError, match="no message 5"):
        world.edit(chat, 5, "hello")
    with pytest.raises(LookupError, match="no topic 5"):
        world.say(chat, ann, "hello", topic=5)
    with pytest.raises(ValueError, match="not a forum"):
        world.topic(world.group("Friends", members=[ann]), "Plans")
    with pytest.raises(ValueError, match="unknown kind"):
        world.send(chat, ann, kind="smell")


async def test_a_reply_in_a_plain_supergroup_carries_the_thread_but_is_in_no_topic(
    world: World, ann: Person, bot: Bot
) -> None:
    """The thread is that of its first message, however deep the reply."""
    group = world.group("Friends", members=[ann])
    root = world.say(group, ann, "question")
    world.say(group, ann, "again", reply_to=world.say(group, ann, "answer", reply_to=root))
    messages = [update.message for update in await bot.get_updates()]
    assert [m.message_thread_id for m in messages if m] == [None, root, root]
    assert not any(m.is_topic_message for m in messages if m)


async def test_a_bot_that_was_thrown_out_can_come_back(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """By group and by person, and may write again."""
    group = world.group("Friends", members=[ann])
    world.remove_bot(group, by=ann)
    world.return_bot(group, by=ann)
    world.block(ann)
    world.unblock(ann)
    statuses = [u.my_chat_member.new_chat_member.status for u in await bot.get_updates() if u.my_chat_member]
    assert statuses == ["kicked", "administrator", "kicked", "member"]
    await bot.send_message(group.id, "hi")
    await bot.send_message(chat.id, "hi")


async def test_a_caption_can_be_edited_and_a_message_deleted(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """The edit arrives with its entities; what is deleted is gone."""
    photo = world.send(chat, ann, kind="photo", caption="one")
    world.edit(chat, photo, "two @friend1")
    world.delete(chat, photo)
    edited = (await bot.get_updates())[1].edited_message
    assert edited is not None
    assert edited.caption == "two @friend1"
    assert edited.caption_entities
    assert world.message(chat, photo) is None


async def test_an_album_is_several_messages_with_one_id(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """The caption is on the first, and the next album has another id."""
    ids = world.album(chat, ann, ["photo", "video"], caption="look")
    other = world.album(chat, ann, ["photo"])
    messages = [update.message for update in await bot.get_updates() if update.message]
    assert [message.message_id for message in messages] == [*ids, *other]
    assert [message.caption for message in messages] == ["look", None, None]
    first, second, third = (message.media_group_id for message in messages)
    assert first == second != third


async def test_what_is_forwarded_names_its_origin(world: World, ann: Person, chat: Chat, bot: Bot) -> None:
    """A person, one who hides, a channel or a chat; also when it is passed on again."""
    ben, group, channel = world.person("Ben"), world.group("Friends"), world.channel("News")
    said, shown = world.say(group, ben, "hello @friend1"), world.send(group, ben, "photo", caption="a cat")
    posted, anonymous = world.say(channel, None, "today"), world.say_as_chat(group, group, "we")
    forwarded = world.forward(chat, ann, group, said)
    world.forward(chat, ann, group, shown, hidden=True)
    world.forward(chat, ann, channel, posted)
    world.forward(chat, ann, group, anonymous)
    world.forward(group, ben, chat, forwarded)
    messages = [update.message for update in await bot.get_updates() if update.message][-5:]
    origins = [message.forward_origin for message in messages]
    assert [origin and str(origin.type) for origin in origins] == ["user", "hidden_user", "channel", "chat", "user"]
    assert {origin.sender_user.id for origin in origins if isinstance(origin, MessageOriginUser)} == {ben.id}
    assert messages[1].caption == "a cat"
    assert messages[0].parse_entities()
    assert messages[1].photo


async def test_a_reply_in_general_has_the_id_of_its_thread_and_is_in_no_topic(
    world: World, ann: Person, bot: Bot
) -> None:
    """General is the topic that has no id."""
    forum = world.group("Forum", members=[ann], forum=True)
    first = world.say(forum, ann, "hello")
    second = world.say(forum, ann, "and?", reply_to=first)
    world.say(forum, ann, "well?", reply_to=second)
    said = [update.message for update in await bot.get_updates() if update.message]
    assert [message.message_thread_id for message in said] == [None, first, first]
    assert [message.is_topic_message for message in said] == [None, None, None]


def test_what_contradicts_itself_is_refused(world: World, ann: Person, chat: Chat) -> None:
    """Tokens, ids that exist, topics and groups of the wrong kind, people who are missing."""
    with pytest.raises(ValueError, match="a token looks like"):
        world.add_bot("no token", "x")
    with pytest.raises(ValueError, match="exists"):
        world.person("Bob", id=ann.id)
    with pytest.raises(ValueError, match="exists"):
        world.group("Friends", id=chat.id)
    with pytest.raises(ValueError, match="no topics"):
        world.group("Friends", basic=True, forum=True)
    with pytest.raises(ValueError, match="not a basic group"):
        world.migrate(chat)
    with pytest.raises(ValueError, match="only a channel"):
        world.say(chat, None, "hello")
    with pytest.raises(ValueError, match="needs a person"):
        world.react(chat, None, 1, "👍")
    old = world.group("Friends", basic=True)
    world.migrate(old)
    with pytest.raises(ValueError, match="has become"):
        world.say(old, ann, "hello")
