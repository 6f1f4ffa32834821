#include "app/window/models.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPointer>
#include <QPushButton>
#include <algorithm>
#include <utility>

#include "app/engine/ask_engine.h"
#include "app/engine/inference_worker.h"
#include "core/store/run_store.h"
#include "core/values/dialect.h"
#include "widgets/entry_fields.h"
#include "widgets/job.h"
#include "widgets/message_bar.h"
#include "widgets/words.h"

namespace lvr {
namespace {

constexpr int kPatience = 300;  // ms

// What tells how good it is, if anything does.
QString scoreOf(const RunStore& store, const Run& run, const CheckpointRow& checkpoint) {
    if (checkpoint.loss) return QObject::tr("loss %1").arg(shortNumber(*checkpoint.loss));
    const auto newest = store.newestMetrics(run.id);
    for (const auto& [metric, word] :
         {std::pair{"reward/mean", "reward %1"}, std::pair{"loss/total", "training loss %1"}})
        if (const auto found = newest.find(metric); found != newest.end())
            return QObject::tr(word).arg(shortNumber(found->second));
    return {};
}

}  // namespace

std::vector<OwnModel> ownModels(const std::filesystem::path& store) {
    std::error_code unknown;
    std::vector<OwnModel> models;
    if (store.empty() || !std::filesystem::exists(store, unknown)) return models;
    const RunStore runs(store, RunStore::Access::Read);
    for (const Run& run : runs.runs()) {
        const auto checkpoints = runs.checkpoints(run.id);
        const auto newest = std::find_if(checkpoints.rbegin(), checkpoints.rend(),
                                         [](const CheckpointRow& each) { return each.kept; });
        if (newest == checkpoints.rend()) continue;
        QStringList title{runTitle(run), QObject::tr("step %1").arg(newest->step)};
        if (const QString score = scoreOf(runs, run, *newest); !score.isEmpty()) title << score;
        models.push_back({newest->folder, title.join(QStringLiteral(" · "))});
    }
    return models;
}

ModelDesk::ModelDesk(InferenceWorker* worker, Cached cached, std::filesystem::path store,
                     QWidget* window)
    : QObject(window),
      worker_(worker),
      cached_(std::move(cached)),
      store_(std::move(store)),
      window_(window),
      lists_(new Job(this)) {
    patience_.setSingleShot(true);
    patience_.setInterval(kPatience);
    wire();
}

void ModelDesk::wire() {
    connect(&patience_, &QTimer::timeout, this, [this] { tell({}); });
    connect(worker_, &InferenceWorker::loadProgressed, this, &ModelDesk::tell);
    connect(worker_, &InferenceWorker::loaded, this,
            [this](const ModelInfo& model, const ModelWish& wish) {
                opening_ = false;
                hasOpened_ = true;
                Q_EMIT opened(model, wish);
            });
    connect(worker_, &InferenceWorker::unloaded, this, [this] {
        hasOpened_ = false;
        lost_ = true;
        Q_EMIT closed();
    });
    connect(worker_, &InferenceWorker::loadCancelled, this, [this] {
        opening_ = false;
        Q_EMIT cancelled(hasOpened_
                             ? tr("Loading was cancelled; the model open before stays in use.")
                             : tr("Loading was cancelled; no model is open."));
    });
    connect(worker_, &InferenceWorker::loadFailed, this, [this](const QString& sentence) {
        opening_ = false;
        Q_EMIT failed(hasOpened_ || !lost_ ? sentence
                                           : tr("%1 The model open before was closed to make room "
                                                "and can't be opened again; no model is open now.")
                                                 .arg(sentence));
    });
}

void ModelDesk::tellProgressIn(MessageBar* bar) {
    connect(this, &ModelDesk::progressed, bar, &MessageBar::showProgress);
    for (const auto ended : {&ModelDesk::cancelled, &ModelDesk::failed})
        connect(this, ended, bar, &MessageBar::endProgress);
    connect(this, &ModelDesk::opened, bar, &MessageBar::endProgress);
}

void ModelDesk::open(const QString& folderOrRepoId) {
    name_ = folderOrRepoId.isEmpty() ? tr("the tiny model") : folderOrRepoId;
    opening_ = true;
    patience_.start();
    lost_ = false;
    worker_->load({.name = folderOrRepoId.toStdString(),
                   .place = place_,
                   .dialect = dialects_[folderOrRepoId].toStdString()});
    Q_EMIT opening(name_);
}

void ModelDesk::cancel() {
    if (opening_) worker_->cancelLoad();
}

void ModelDesk::tell(const LoadProgress& progress) {
    if (!opening_ || patience_.isActive()) return;
    const QString what = QString::fromStdString(progress.what);
    Q_EMIT progressed(
        what.isEmpty() ? tr("Opening %1…").arg(name_) : tr("Opening %1: %2").arg(name_, what),
        progress.fraction);
}

void ModelDesk::choose() {
    auto* dialog = new OpenModelDialog(place_, window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &OpenModelDialog::chosen, this, [this](const ModelWish& wish) {
        setPlace(wish.place);
        const QString name = QString::fromStdString(wish.name);
        setDialect(name, QString::fromStdString(wish.dialect));
        open(name);
    });
    dialog->open();
    const QPointer<OpenModelDialog> asking(dialog);
    struct Found {
        std::vector<OwnModel> own;
        std::vector<std::string> cached;
    };
    lists_->replace(
        [cached = cached_, store = store_] {
            return Found{ownModels(store), cached()};
        },
        [asking](const Found& found) {
            if (asking) asking->showModels(found.own, found.cached);
        },
        [this, asking](const QString& sentence) {
            if (asking) asking->close();
            Q_EMIT listFailed(sentence);
        });
}

OpenModelDialog::OpenModelDialog(const ModelPlace& place, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Open model"));
    resize(560, 420);
    build();
    device_->setCurrentText(QString::fromStdString(place.device));
    dtype_->setCurrentText(QString::fromStdString(place.dtype));
    connect(list_, &QListWidget::itemDoubleClicked, this, &QDialog::accept);
    connect(list_, &QListWidget::itemSelectionChanged, this, [this] {
        if (!list_->selectedItems().isEmpty()) folder_->clear();
        updateOpenButton();
    });
    connect(folder_, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (!text.isEmpty()) list_->clearSelection();
        updateOpenButton();
    });
    connect(this, &QDialog::accepted, this, [this] { Q_EMIT chosen(wish()); });
}

ModelWish OpenModelDialog::wish() const {
    const auto selected = list_->selectedItems();
    const QString name =
        selected.isEmpty() ? typedPath(folder_) : selected.first()->data(Qt::UserRole).toString();
    const auto said = [](const QComboBox* choice) {
        const QString text = choice->currentText().trimmed();
        return text.isEmpty() ? std::string("auto") : text.toStdString();
    };
    return {.name = name.toStdString(),
            .place = {.dtype = said(dtype_), .device = said(device_)},
            .dialect = dialect_->currentData().toString().toStdString()};
}

// What the choices mean is the engine's to say, also of a cuda:1 that is typed.
QComboBox* OpenModelDialog::addChoice(QHBoxLayout& row, const QString& label,
                                      const QStringList& values) {
    auto* name = new QLabel(label, this);
    auto* choice = new QComboBox(this);
    choice->setEditable(true);
    choice->addItems(values);
    choice->setAccessibleName(QString(label).remove('&').remove(':'));
    name->setBuddy(choice);
    row.addWidget(name);
    row.addWidget(choice, 1);
    return choice;
}

QHBoxLayout* OpenModelDialog::makePlaceRow() {
    auto* row = new QHBoxLayout;
    device_ = addChoice(*row, tr("Compute&d on:"), {"auto", "cpu", "cuda"});
    device_->setToolTip(
        tr("auto: a GPU that the model fits into, else the CPU; cuda:1 is the second GPU"));
    dtype_ = addChoice(*row, tr("&Numbers:"), {"auto", "float32", "bfloat16"});
    dtype_->setToolTip(tr("auto: as stored where this machine computes that well, else float32"));
    return row;
}

// Where a folder does not say by which method it was trained, or says it wrongly.
QHBoxLayout* OpenModelDialog::makeDialectRow() {
    auto* row = new QHBoxLayout;
    auto* name = new QLabel(tr("&Thinks as:"), this);
    dialect_ = new QComboBox(this);
    dialect_->addItem(tr("its files say"), QString());
    for (const auto& dialect : dialects()) {
        dialect_->addItem(QString::fromStdString(dialect.method),
                          QString::fromStdString(dialect.name));
        dialect_->setItemData(dialect_->count() - 1, QString::fromStdString(ruleText(dialect)),
                              Qt::ToolTipRole);
    }
    dialect_->setAccessibleName(tr("Thinks as"));
    dialect_->setToolTip(tr("By which method its latents are opened, counted and ended"));
    name->setBuddy(dialect_);
    row->addWidget(name);
    row->addWidget(dialect_, 1);
    return row;
}

void OpenModelDialog::build() {
    auto* cached = new QLabel(
        tr("&Shipped, trained here, and in the Hugging Face cache of this machine:"), this);
    list_ = new QListWidget(this);
    list_->setAccessibleName(tr("Models on this machine"));
    cached->setBuddy(list_);
    note_ = new QLabel(tr("Looking into the cache…"), this);
    note_->setWordWrap(true);
    auto* label = new QLabel(tr("&Folder with config.json and model.safetensors (or shards), or a "
                                "repo id such as Qwen/Qwen2.5-VL-3B-Instruct:"),
                             this);
    label->setWordWrap(true);
    folder_ = new QLineEdit(this);
    folder_->setAccessibleName(tr("Folder or repo id"));
    label->setBuddy(folder_);
    auto* choose = new QPushButton(tr("&Choose…"), this);
    connect(choose, &QPushButton::clicked, this, &OpenModelDialog::chooseFolder);
    auto* row = new QHBoxLayout;
    row->addWidget(folder_, 1);
    row->addWidget(choose);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Open | QDialogButtonBox::Cancel, this);
    open_ = buttons->button(QDialogButtonBox::Open);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    for (QWidget* widget : std::initializer_list<QWidget*>{cached, list_, note_, label})
        column->addWidget(widget);
    column->addLayout(row);
    column->addLayout(makePlaceRow());
    column->addLayout(makeDialectRow());
    column->addWidget(buttons);
    showModels({}, {});
    note_->setText(tr("Looking into the cache…"));
}

void OpenModelDialog::add(const QString& title, const std::string& name) {
    auto* item = new QListWidgetItem(title, list_);
    item->setData(Qt::UserRole, QString::fromStdString(name));
    item->setToolTip(QString::fromStdString(name));
}

void OpenModelDialog::showModels(const std::vector<OwnModel>& own,
                                 const std::vector<std::string>& cached) {
    list_->clear();
    add(tr("Tiny model (shipped; knows drawn scenes)"), {});
    for (const OwnModel& model : own) add(tr("Run %1").arg(model.title), model.folder);
    for (const std::string& name : cached) add(QString::fromStdString(name), name);
    note_->setText(
        cached.empty()
            ? tr("The cache holds no Qwen2.5-VL, Qwen3-VL or LVR checkpoint. Nothing is ever "
                 "downloaded from here: fetch one with huggingface-cli download.")
            : tr("Nothing is ever downloaded from here."));
    list_->setCurrentRow(0);
    updateOpenButton();
}

void OpenModelDialog::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Model folder"), typedPath(folder_));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, folder_, &QLineEdit::setText);
    dialog->open();
}

void OpenModelDialog::updateOpenButton() {
    open_->setEnabled(!list_->selectedItems().isEmpty() || !typedPath(folder_).isEmpty());
}

}  // namespace lvr
