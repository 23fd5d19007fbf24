#include "bench/rehearsal/lines.hpp"

namespace emostage::rehearsal {
namespace {

constexpr std::array<std::string_view, phases> phase_names = {"opening", "exploring",
                                                              "understanding", "acting", "closing"};

constexpr std::array<std::string_view, languages> marks = {"（リハーサルの返事）", "（排练回复）",
                                                           "(Rehearsal reply) "};

constexpr std::array<std::string_view, languages> careful = {
    "話してくださって、ありがとうございます。それほどまでに苦しかったのですね。今、安全な場所に"
    "いらっしゃいますか。どうかひとりで抱えずに、身近な方や、お住まいの地域の相談窓口、救急に、"
    "今すぐ連絡してください。",
    "谢谢你愿意告诉我。你一定痛苦到了极点。你现在安全吗？请不要一个人扛着，马上联系身边信得过的人、"
    "当地的危机热线或急救电话。",
    "Thank you for telling me. You must be in a great deal of pain. Are you safe right now? Please "
    "do not stay alone with this: reach someone close to you, a local crisis line or the emergency "
    "services now."};

// By feeling.
using Pair = std::array<std::string_view, 2>;
constexpr std::array<std::array<Pair, emotions>, languages> reflections = {{
    {{
        {"とても悲しいお気持ちなのですね。", "胸が痛むような時間を過ごしてこられたのですね。"},
        {"先が見えなくて、不安なのですね。", "気持ちの休まるときがないのですね。"},
        {"ひとりで抱えてこられて、さびしかったですね。",
         "わかってくれる人がそばにいないのは、心細いですよね。"},
        {"腹が立つのも、もっともだと思います。", "大切にされなかったようで、悔しかったのですね。"},
        {"ご自分を責めるお気持ちが強いのですね。",
         "人に言いにくいことを、話してくださったのですね。"},
        {"もう十分すぎるほど、がんばってこられたのですね。", "心も体も、くたくたなのですね。"},
        {"少し、ほっとされたのですね。", "肩の荷が、いくらか軽くなったのですね。"},
        {"小さくても、明るい兆しが見えてきたのですね。",
         "前に進みたいというお気持ちが伝わってきます。"},
        {"お話しくださって、ありがとうございます。", "はい、ゆっくり聞かせてください。"},
    }},
    {{
        {"听得出来，你心里很难过。", "这件事让你很伤心吧。"},
        {"心里一直悬着，一定很不安。", "我能感觉到你的焦虑。"},
        {"一个人扛着这些，一定很孤单。", "身边没有人懂，确实会觉得孤独。"},
        {"换了谁，都会生气的。", "你觉得没有被好好对待，心里很委屈。"},
        {"你对自己很严厉，心里一定不好受。", "愿意说出这些，需要很大的勇气。"},
        {"你真的累坏了。", "撑了这么久，身心都很疲惫吧。"},
        {"听起来，你松了一口气。", "肩上的担子轻了一些，真好。"},
        {"我听到了一点希望，真好。", "听得出来，你想往前走。"},
        {"谢谢你愿意说出来。", "嗯，我在听。"},
    }},
    {{
        {"That sounds really sad.", "I can hear how much this hurts."},
        {"It sounds like the worry is hard to put down.", "No wonder you feel on edge."},
        {"Carrying this alone sounds lonely.",
         "It is hard when nobody around you seems to understand."},
        {"It makes sense that you are angry.", "Something that matters to you was not respected."},
        {"You are being very hard on yourself.", "It takes courage to say that out loud."},
        {"You sound worn out.", "You have been running on empty for a while."},
        {"It sounds like you can breathe a little easier.",
         "I am glad that some of the weight has lifted."},
        {"I hear a bit of hope in that.", "I can tell that you want to move forward."},
        {"Thank you for telling me.", "I am listening."},
    }},
}};

using Four = std::array<std::string_view, variants>;
constexpr std::array<std::array<Four, phases>, languages> moves = {{
    {{
        {"今日は、どんなことをお話ししたいですか。",
         "ゆっくりで大丈夫です。話しやすいところから聞かせてください。",
         "ここでは、思ったままに話していただいて大丈夫です。今、いちばん気になっているのは、どんな"
         "こと"
         "でしょう。",
         "来てくださって、うれしいです。まずは、今のお気持ちから聞かせていただけますか。"},
        {"そのとき、どんなことが頭に浮かびましたか。",
         "もう少し、そのときのことを聞かせていただけますか。",
         "いちばんつらかったのは、どんなところでしたか。",
         "そのお気持ちは、いつごろから続いていますか。"},
        {"お話を聞いていて、大切にしたいものがあるからこそ苦しいのではないかと感じました。いかがで"
         "しょう。",
         "出来事そのものより、わかってもらえなかったことのほうが、こたえているのかもしれませんね。",
         "がんばりたいお気持ちと、もう休みたいお気持ちの、両方があるように聞こえます。",
         "これまでのお話をつなげてみると、ご自分のことを後回しにしてこられたように思えます。どう"
         "感じますか。"},
        {"今週、無理なくできそうな小さなことを一つ選ぶとしたら、何になりそうですか。",
         "まずは一日に五分だけ、ご自分のための時間をとってみるのはどうでしょう。",
         "以前うまくいったやり方で、今回も使えそうなものはありますか。",
         "信頼できる方に、今日のことを一言だけ話してみるのも一つの手です。どう思われますか。"},
        {"今日はたくさん話してくださって、ありがとうございました。気づいたことを、どうか大事になさ"
         "って"
         "くださいね。",
         "少しずつで大丈夫です。また話したくなったら、いつでもいらしてください。",
         "今日お話しになったことは、きっと次の一歩につながります。ゆっくり休んでくださいね。",
         "ここまで話してくださったこと自体が、大きな一歩だったと思います。どうぞお気をつけて。"},
    }},
    {{
        {"今天想聊些什么呢？", "慢慢来，从你想说的地方开始就好。",
         "在这里，你可以放心地说。现在最让你挂心的是什么？",
         "很高兴你来了。先说说你现在的心情，好吗？"},
        {"那时候，你心里在想什么？", "能再跟我说说当时的情形吗？", "其中最让你难受的，是哪一部分？",
         "这种感觉是从什么时候开始的？"},
        {"听下来，我觉得正因为你很在乎，才会这么痛苦。你觉得呢？",
         "也许比起事情本身，没有被理解更让你难受。", "你好像一边想再努力一下，一边又很想休息。",
         "把前面说的连起来看，你似乎一直把自己放在最后。你怎么看？"},
        {"这一周，如果选一件不勉强的小事，你会选什么？", "要不要先每天留五分钟给自己？",
         "以前有没有什么方法对你有用，这次也可以试一试？",
         "也可以跟一个信得过的人，简单说一句今天的事。你觉得怎么样？"},
        {"谢谢你今天说了这么多。今天想到的这些，请好好留在心里。",
         "一步一步来就好。什么时候想聊，都可以再来。",
         "今天说的这些，会帮你走好下一步。先好好休息一下吧。",
         "能把这些说出来，本身就是很大的一步。路上慢慢走，保重。"},
    }},
    {{
        {"What would you like to talk about today?",
         "Take your time, and start wherever it feels easiest.",
         "You can say things here just as they are. What is on your mind the most right now?",
         "I am glad you came. How are you feeling at this moment?"},
        {"What went through your mind when that happened?",
         "Could you tell me a little more about that moment?",
         "Which part of it was the hardest for you?", "How long have you been feeling this way?"},
        {"As I listen, I wonder if it hurts this much because you care so much. How does that "
         "sound?",
         "Perhaps not being understood weighs more than what actually happened.",
         "Part of you wants to keep trying, and part of you longs to rest.",
         "Putting this together, it seems you have been placing yourself last for a long time. "
         "What "
         "do you make of that?"},
        {"If you chose one small thing for this week that would not feel like a burden, what might "
         "it be?",
         "How would it be to keep five minutes a day just for yourself?",
         "Is there something that helped you before and could help this time too?",
         "You might tell one person you trust a single sentence about today. What do you think?"},
        {"Thank you for sharing so much today. Please hold on to what you noticed.",
         "One step at a time is enough, and you can come back whenever you want to talk.",
         "What you said today can carry you into the next step. Do rest a little now.",
         "Putting this into words was a step in itself. Take good care of yourself."},
    }},
}};

constexpr std::array<std::array<std::string_view, emotions>, languages> voices = {{
    {{"私は大事なものを失ったようで、悲しくてしかたがない。",
      "私は、この先どうなるのかと思うと、落ち着かない。",
      "私は誰にもわかってもらえず、ひとりきりだと感じている。",
      "私は、大切に扱われなかったことに腹が立っている。",
      "私は自分が悪いのだと思い、自分を責めている。",
      "私はずっと無理をしてきて、もう疲れきっている。", "私は少し肩の力が抜けて、ほっとしている。",
      "私は、まだ小さいけれど、なんとかなるかもしれないと思い始めている。",
      "私は、まだうまく言葉にできないけれど、まずは話を聞いてほしい。"}},
    {{"我像是失去了很重要的东西，心里很难过。", "我不知道以后会怎样，心里一直不踏实。",
      "我觉得没有人懂我，只剩自己一个人。", "我没有被好好对待，心里很生气。",
      "我总觉得是自己的错，一直在责怪自己。", "我撑了太久，已经很累了。",
      "我心里松了一点，没那么紧了。", "我开始觉得也许会好起来，虽然希望还很小。",
      "我还说不清楚，只是想先有人听我说。"}},
    {{"I feel as if I lost something that mattered, and I am very sad.",
      "I cannot stop worrying about what comes next.",
      "I feel alone with this; nobody seems to understand me.",
      "I was not treated with respect, and I am angry about it.",
      "I keep blaming myself; it feels like my own fault.",
      "I have been pushing myself for so long that I am worn out.",
      "I can breathe a little; something has eased.",
      "I begin to think that things could get better, though the hope is still small.",
      "I cannot quite put it into words yet; I would like someone to listen first."}},
}};

}  // namespace

std::string_view name(Phase phase) { return phase_names[static_cast<std::size_t>(phase)]; }

std::optional<Phase> phase_named(std::string_view wanted) {
    for (std::size_t i = 0; i < phases; ++i) {
        if (phase_names[i] == wanted) return static_cast<Phase>(i);
    }
    return std::nullopt;
}

std::string_view mark(Language language) { return marks[static_cast<std::size_t>(language)]; }

std::string_view reflection(Language language, Emotion emotion, std::size_t variant) {
    return reflections[static_cast<std::size_t>(language)][static_cast<std::size_t>(emotion)]
                      [variant % 2];
}

std::string_view move(Language language, Phase phase, std::size_t variant) {
    return moves[static_cast<std::size_t>(language)][static_cast<std::size_t>(phase)]
                [variant % variants];
}

std::string_view careful_words(Language language) {
    return careful[static_cast<std::size_t>(language)];
}

std::string_view inner_voice(Language language, Emotion emotion) {
    return voices[static_cast<std::size_t>(language)][static_cast<std::size_t>(emotion)];
}

}  // namespace emostage::rehearsal
