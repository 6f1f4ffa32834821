#include "app/ask/picture_conversation.h"

#include <QApplication>
#include <QClipboard>
#include <QDateTime>
#include <QDesktopServices>
#include <QDir>
#include <QFileInfo>
#include <QMessageBox>
#include <QPushButton>
#include <QRandomGenerator>
#include <QUrl>
#include <algorithm>
#include <utility>

#include "app/ask/ask_workspace.h"
#include "app/ask/conversation_text.h"
#include "app/ask/history.h"
#include "app/ask/picture_regions.h"
#include "core/files/atomic_file.h"
#include "core/trace/heat.h"
#include "core/trace/trace_file.h"
#include "widgets/conversation/conversation_panel.h"
#include "widgets/conversation/exchange_text.h"
#include "widgets/conversation/past_list.h"
#include "widgets/job.h"
#include "widgets/save_file.h"

namespace lvr {
namespace {

bool isSameAnswer(const Trace& a, const Trace& b) {
    return a.question.text == b.question.text && a.options == b.options && a.model == b.model &&
           a.text == b.text && a.timings == b.timings;
}

constexpr std::size_t kMostInFlight = 64;
constexpr std::size_t kMostFresh = 64;  // answers in memory; a large model's takes about 15 MB

// A picture that no file on this machine is known to hold is called by its question.
QString titleOf(const Trace& trace) {
    constexpr int kLongest = 40;  // characters
    const QString asked = QString::fromStdString(trace.question.text).simplified();
    return asked.size() > kLongest ? asked.left(kLongest) + "…" : asked;
}

QMessageBox* question(QWidget* parent, const QString& title, const QString& text) {
    auto* box = new QMessageBox(QMessageBox::Question, title, text, QMessageBox::Cancel, parent);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setDefaultButton(QMessageBox::Cancel);
    return box;
}

}  // namespace

PictureConversation::PictureConversation(AskWorkspace& ask, const std::filesystem::path& folder)
    : QObject(&ask),
      ask_(ask),
      panel_(new ConversationPanel(&ask)),
      past_(new PastList(&ask)),
      writing_(new Job(this)) {
    if (!folder.empty()) history_ = new History(HistoryFolder(folder), this);
    regions_ = new PictureRegions(ask_, history_, this);
    wireAsk();
    wirePanel();
    if (history_) wireHistory();
    history_ ? wirePast()
             : past_->say(tr("Answers are kept only until the window closes, because there is no "
                             "home folder."));
    refresh();
}

void PictureConversation::wirePast() {
    using Past = PastList;
    connect(history_, &History::allRead, this, [this](const std::vector<PastAnswer>& answers) {
        pastAnswers_ = answers;
        past_->show(answers);
        past_->markShown(shown_);
    });
    connect(history_, &History::changed, history_, &History::readAll);
    connect(past_, &Past::openWanted, this, &PictureConversation::openPast);
    connect(past_, &Past::copyWanted, this, [this](const PastAnswer& answer) {
        copy(answerText(answer.exchange.outline).toStdString(), tr("Copied the answer"));
    });
    connect(past_, &Past::folderWanted, this, [](const PastAnswer& answer) {
        QDesktopServices::openUrl(QUrl::fromLocalFile(QFileInfo(answer.file).absolutePath()));
    });
    connect(past_, &Past::removeWanted, this, &PictureConversation::askToRemovePast);
    history_->readAll();
}

void PictureConversation::wireAsk() {
    connect(&ask_, &AskWorkspace::pictureShown, this, &PictureConversation::begin);
    connect(&ask_, &AskWorkspace::titleChanged, this,
            [this](const QString& title) { title_ = title; });
    connect(&ask_, &AskWorkspace::askWanted, this, &PictureConversation::noteQuestion);
    connect(&ask_, &AskWorkspace::answered, this, &PictureConversation::keep);
    connect(&ask_, &AskWorkspace::latentsOfAnotherWanted, this, &PictureConversation::lendLatents);
}

void PictureConversation::wirePanel() {
    using Panel = ConversationPanel;
    connect(panel_, &Panel::chosen, this, &PictureConversation::choose);
    connect(panel_, &Panel::editWanted, this, [this](const Exchange& exchange) {
        ask_.edit(QString::fromStdString(exchange.outline.question.text), exchange.outline.options);
    });
    connect(panel_, &Panel::againWanted, this, &PictureConversation::askAgain);
    connect(panel_, &Panel::branchWanted, this,
            [this](const Exchange& exchange, const DecodeOptions& options) {
                ask_.ask(QString::fromStdString(exchange.outline.question.text), options);
            });
    connect(panel_, &Panel::copyWanted, this, [this](const Exchange& exchange) {
        copy(exchange.outline.answer.empty() ? answerText(exchange.outline).toStdString()
                                             : exchange.outline.answer,
             tr("Copied the answer"));
    });
    connect(panel_, &Panel::copyAllWanted, this, [this] {
        copy(toMarkdown(exchanges(), title_.toStdString()), tr("Copied the conversation"));
    });
    connect(panel_, &Panel::exportWanted, this, &PictureConversation::exportTo);
    connect(panel_, &Panel::removeWanted, this, [this](const Exchange& exchange) {
        askToRemove(exchange, [this, id = exchange.id] { remove(id); });
    });
    connect(panel_, &Panel::clearWanted, this, &PictureConversation::askToClear);
}

void PictureConversation::wireHistory() {
    connect(history_, &History::failed, this, &PictureConversation::failed);
    connect(history_, &History::idle, this, &PictureConversation::settled);
    connect(history_, &History::conversationRead, this,
            [this](quint64 page, const Conversation& conversation) {
                if (page != page_) return;
                kept_ = conversation;
                regions_->bringBack(conversation);
                refresh();
            });
    connect(history_, &History::answerRead, this,
            [this](quint64 page, const std::string& id, const Trace& trace) {
                if (page == page_ && wantedAnswer_ && ask_.isTurnOf(wantedAnswer_)) show(id, trace);
            });
    connect(history_, &History::added, this,
            [this](quint64 page, const std::string& ticket, const std::string& picture,
                   const std::string& id) {
                std::erase_if(fresh_, [&](const Fresh& f) { return f.exchange.id == ticket; });
                if (shown_ == ticket) shown_ = id;
                named_[ticket] = id;
                if (unwanted_.erase(ticket)) history_->remove(page, picture, id);
            });
}

// ---- What is there ----

void PictureConversation::begin(const std::vector<Image>& pictures) {
    ++page_;
    pictures_ = std::make_shared<const std::vector<Image>>(pictures);
    kept_ = {};
    shown_.clear();
    regions_->turnTo(pictures_);
    if (history_ && !pictures.empty()) history_->read(page_, pictures_);
    refresh();
}

void PictureConversation::noteQuestion(const Question& question, const DecodeOptions& options) {
    // Later than the one before even within a millisecond: the list is in this order.
    askedAt_ = std::max<std::int64_t>(QDateTime::currentMSecsSinceEpoch(), askedAt_ + 1);
    if (inFlight_.size() == kMostInFlight) inFlight_.erase(inFlight_.begin());
    inFlight_.push_back({question.text, options, askedAt_});
    wantedAnswer_ = 0;
    markShown({});
}

// Of equal questions the older one is answered first.
std::int64_t PictureConversation::whenAsked(const Trace& trace) const {
    const auto found = std::ranges::find_if(inFlight_, [&](const InFlight& asked) {
        return asked.text == trace.question.text && asked.options == trace.options;
    });
    return found == inFlight_.end() ? askedAt_ : found->askedAt;
}

// A stop before the first step leaves nothing to keep.
void PictureConversation::keep(const Trace& trace) {
    if (trace.steps.empty()) return;
    shown_ = keepAs(trace, askedAt_);
    refresh();
}

void PictureConversation::keepOvertaken(const Trace& trace) {
    keepAs(trace, whenAsked(trace));
    refresh();
}

void PictureConversation::keepRegions() { regions_->keep(); }

std::string PictureConversation::keepAs(const Trace& trace, std::int64_t askedAt) {
    std::erase_if(inFlight_, [&](const InFlight& asked) { return asked.askedAt <= askedAt; });
    const auto ticket = "new-" + std::to_string(++tickets_);
    if (fresh_.size() == kMostFresh) fresh_.erase(fresh_.begin());
    fresh_.push_back({{ticket, askedAt, outlineOf(trace)}, trace});
    // What is told of another picture's conversation is for no page that is on screen.
    const quint64 page = isAboutThePicture(fresh_.back()) ? page_ : 0;
    if (history_) history_->add(page, trace, askedAt, ticket);
    return ticket;
}

const PictureConversation::Fresh* PictureConversation::freshOf(const std::string& id) const {
    const auto found =
        std::ranges::find_if(fresh_, [&](const Fresh& fresh) { return fresh.exchange.id == id; });
    return found == fresh_.end() ? nullptr : &*found;
}

bool PictureConversation::isAboutThePicture(const Fresh& fresh) const {
    return pictures_ && fresh.trace.question.images == *pictures_;
}

std::vector<Exchange> PictureConversation::exchanges() const {
    auto all = kept_.exchanges;
    for (const auto& fresh : fresh_)
        if (isAboutThePicture(fresh)) all.push_back(fresh.exchange);
    return all;
}

// A trace that was opened, gone back to or restored may be one of these answers.
std::string PictureConversation::onScreen(const std::vector<Exchange>& all) const {
    const Trace& trace = ask_.trace();
    if (!shown_.empty() || trace.steps.empty() || ask_.isAsking()) return shown_;
    const auto found = std::ranges::find_if(
        all, [&](const Exchange& exchange) { return isSameAnswer(exchange.outline, trace); });
    return found == all.end() ? std::string() : found->id;
}

void PictureConversation::refresh() {
    const auto all = exchanges();
    shown_ = onScreen(all);
    panel_->show(all);
    panel_->markShown(shown_);
    past_->markShown(shown_);
    QStringList notes;
    if (!history_)
        notes << tr(
            "Answers are kept only until the window closes, because there is no home "
            "folder.");
    for (const auto& sentence : kept_.leftOut)
        notes << tr("Left out: %1").arg(QString::fromStdString(sentence));
    panel_->say(notes.join('\n'));
}

void PictureConversation::markShown(const std::string& id) {
    shown_ = id;
    panel_->markShown(id);
    past_->markShown(id);
}

// ---- What is done with it ----

void PictureConversation::choose(const Exchange& exchange) {
    if (ask_.isAsking()) return sayAnswerIsComing();
    if (const Fresh* fresh = freshOf(exchange.id)) return show(exchange.id, fresh->trace);
    wantedAnswer_ = ask_.claimTurn();
    if (history_) history_->readAnswer(page_, kept_.picture, exchange.id);
}

void PictureConversation::openPast(const PastAnswer& answer) {
    if (ask_.isAsking()) return sayAnswerIsComing();
    history_->readPast(
        answer, [this, turn = ask_.claimTurn(), id = answer.exchange.id](const Trace& trace) {
            if (!ask_.isTurnOf(turn)) return;
            ask_.showTrace(trace, titleOf(trace));
            markShown(id);
        });
}

// Those of the newest answer of the same model about another picture.
void PictureConversation::lendLatents() {
    const auto lends = [&](const Trace& outline) {
        return outline.model == ask_.trace().model && !isWithoutLatents(outline.options) &&
               outline.options.thought.boxes.empty() && !latentSteps(outline).empty();
    };
    // One that says the same would say the same with its latents, whoever they are.
    const auto saysElse = [&](const Trace& outline) {
        return lends(outline) && outline.answer != ask_.trace().answer;
    };
    const auto fresh = std::find_if(fresh_.rbegin(), fresh_.rend(), [&](const Fresh& each) {
        return saysElse(each.trace) && !isAboutThePicture(each);
    });
    if (fresh != fresh_.rend()) return lend(fresh->trace);
    const auto kept = std::ranges::find_if(pastAnswers_, [&](const PastAnswer& answer) {
        return answer.picture != kept_.picture && saysElse(answer.exchange.outline);
    });
    if (kept != pastAnswers_.end())
        return history_->readPast(*kept, [this](const Trace& trace) { lend(trace); });
    Q_EMIT failed(
        tr("No other answer of this model about another picture is kept; ask about another one "
           "first, and come back."));
}

void PictureConversation::lend(const Trace& trace) {
    const QString whose = tr("another picture's \"%1\"").arg(QString::fromStdString(trace.answer));
    ask_.askWithoutLatents(LatentFeed::Swap,
                           {.from = whose.toStdString(),
                            .values = std::make_shared<const std::vector<float>>(trace.latents),
                            .width = trace.hiddenSize});
}

void PictureConversation::askToRemovePast(const PastAnswer& answer) {
    askToRemove(answer.exchange, [this, picture = answer.picture, id = answer.exchange.id] {
        history_->remove(picture == kept_.picture ? page_ : 0, picture, id);
    });
}

void PictureConversation::sayAnswerIsComing() {
    Q_EMIT stateChanged(tr("The answer is still coming; stop it (Esc) to look at another."));
}

void PictureConversation::show(const std::string& id, const Trace& trace) {
    ask_.showAnswer(trace);
    markShown(id);
}

void PictureConversation::askAgain(const Exchange& exchange) {
    DecodeOptions options = exchange.outline.options;
    if (options.sampling.temperature > 0)
        options.sampling.seed = QRandomGenerator::global()->generate();
    ask_.ask(QString::fromStdString(exchange.outline.question.text), options);
}

void PictureConversation::copy(const std::string& text, const QString& what) {
    QApplication::clipboard()->setText(QString::fromStdString(text));
    Q_EMIT stateChanged(what);
}

void PictureConversation::askToRemove(const Exchange& exchange, std::function<void()> removes) {
    auto* box = question(panel_->window(), tr("Delete answer"),
                         tr("Delete the answer \"%1\"? It can't be brought back.")
                             .arg(answerText(exchange.outline)));
    const auto* yes = box->addButton(tr("Delete"), QMessageBox::DestructiveRole);
    connect(yes, &QPushButton::clicked, this, std::move(removes));
    box->open();
}

void PictureConversation::remove(const std::string& given) {
    // While the question whether to delete it was on screen it may have come to the disk.
    const auto named = named_.find(given);
    const std::string& id = named == named_.end() ? given : named->second;
    if (freshOf(id)) {
        if (history_) unwanted_.insert(id);  // it may be on its way to the disk
        std::erase_if(fresh_, [&](const Fresh& fresh) { return fresh.exchange.id == id; });
        refresh();
    } else if (history_) {
        history_->remove(page_, kept_.picture, id);
    }
}

void PictureConversation::askToClear() {
    auto* box =
        question(panel_, tr("Clear history"),
                 tr("Delete the answers about this picture, or those about all pictures? They "
                    "can't be brought back."));
    const auto* these = box->addButton(tr("This picture"), QMessageBox::DestructiveRole);
    const auto* all = box->addButton(tr("All pictures"), QMessageBox::DestructiveRole);
    connect(these, &QPushButton::clicked, this, [this] {
        std::erase_if(fresh_, [this](const Fresh& fresh) { return isAboutThePicture(fresh); });
        clear(History::Scope::ThisPicture);
    });
    connect(all, &QPushButton::clicked, this, [this] {
        fresh_.clear();
        clear(History::Scope::AllPictures);
    });
    box->open();
}

void PictureConversation::clear(History::Scope scope) {
    if (history_ && pictures_) history_->removeAll(page_, pictures_, scope);
    refresh();
}

// ---- Files ----

void PictureConversation::exportTo() {
    askWhereToSave(panel_,
                   {tr("Export conversation"),
                    "conversation.md",
                    {{"md", tr("Markdown")}, {"json", tr("JSON")}}},
                   [this](const QString& file, const QString&) { write(file); });
}

void PictureConversation::write(const QString& file) {
    const bool json = file.endsWith(".json", Qt::CaseInsensitive);
    const auto work = [json, file, all = exchanges(), title = title_.toStdString()] {
        writeFileAtomically(file.toStdU16String(),
                            json ? toJson(all, title) : toMarkdown(all, title));
    };
    writing_->add(
        work,
        [this, file] {
            Q_EMIT stateChanged(tr("Exported to %1").arg(QDir::toNativeSeparators(file)));
        },
        [this](const QString& sentence) { Q_EMIT failed(sentence); });
}

}  // namespace lvr
