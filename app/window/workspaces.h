#pragma once

#include <QObject>
#include <QStackedWidget>
#include <QString>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>

class QAction;
class QMenu;
class QWidget;

namespace lvr {

class AskWorkspace;
class CausalWorkspace;
class CompareWorkspace;
class RolloutsWorkspace;
class TrainWorkspace;
struct CausalSubject;
struct CompareServices;
struct ModelInfo;
struct TrainPlaces;

enum class WorkspaceId { Ask, Train, Rollouts, Compare, Causal };
inline constexpr std::array kWorkspaces = {WorkspaceId::Ask, WorkspaceId::Train,
                                           WorkspaceId::Rollouts, WorkspaceId::Compare,
                                           WorkspaceId::Causal};

QString titleOf(WorkspaceId id);  // "Train": for a person
QString nameOf(WorkspaceId id);   // "train": on the command line, in sessions and layouts
std::optional<WorkspaceId> workspaceNamed(const QString& name);

// The five workspaces, one on top. All but Ask are made when they are first needed; introduces them
// to each other.
class Workspaces : public QStackedWidget {
    Q_OBJECT
public:
    Workspaces(const TrainPlaces& places, const CompareServices& compare,
               QWidget* parent = nullptr);
    ~Workspaces() override;

    AskWorkspace& ask() { return *ask_; }
    TrainWorkspace& train();
    RolloutsWorkspace& rollouts();
    CompareWorkspace& compare();
    CausalWorkspace& causal();
    TrainWorkspace* trainIfMade() { return train_; }
    RolloutsWorkspace* rolloutsIfMade() { return rollouts_; }
    CompareWorkspace* compareIfMade() { return compare_; }
    CausalWorkspace* causalIfMade() { return causal_; }

    void show(WorkspaceId id);
    using QStackedWidget::show;
    WorkspaceId current() const { return current_; }
    void setModel(const ModelInfo& model);  // the one that is open
    void compareQuestion();                 // the one in Ask, under the strategies of Compare
    void testQuestion();                    // the one in Ask, under the interventions of Causal

    // Which runs are looked at; 0: none.
    struct Place {
        std::int64_t run = 0, rolloutsRun = 0;
        int rolloutsStep = -1;
    };
    Place place() const;
    void goTo(const Place& place);

    // What was chosen in Compare and which comparison is shown.
    QByteArray compareState() const;
    void restoreCompare(const QByteArray& state);
    // The same of Causal, with the panel on screen.
    QByteArray causalState() const;
    void restoreCausal(const QByteArray& state);

    // What is on screen is still being read or answered; settled() follows.
    bool isBusy() const;

    QByteArray saveLayout() const;
    void restoreLayout(const QByteArray& layout);
    void resetLayout();

Q_SIGNALS:
    void changed(lvr::WorkspaceId current);
    void made(lvr::WorkspaceId id);
    void alerted(const QString& sentence, bool isNewKind, bool needsAHand);  // of a run
    void failed(const QString& sentence);     // the store can't be read; shown there
    void modelWanted(const QString& folder);  // of a run, to be asked
    void settled();

private:
    void sharePicture();
    CausalSubject causalSubject() const;
    void addPage(WorkspaceId id, QWidget* page);
    void tellWhenSettled();
    void layOut(WorkspaceId id);

    std::unique_ptr<TrainPlaces> places_;
    std::unique_ptr<CompareServices> services_;
    std::unique_ptr<ModelInfo> model_;  // null until one is open
    WorkspaceId current_ = WorkspaceId::Ask;
    std::map<WorkspaceId, QByteArray> layouts_;  // for those that are not made yet
    Place place_;                                // likewise
    QByteArray compareState_, causalState_;      // likewise
    bool hasNewPicture_ = false;                 // that Compare has not seen

    AskWorkspace* ask_;
    TrainWorkspace* train_ = nullptr;
    RolloutsWorkspace* rollouts_ = nullptr;
    CompareWorkspace* compare_ = nullptr;
    CausalWorkspace* causal_ = nullptr;
};

// Layouts under names of the person's choice, kept in the settings: a menu to save one, to take
// one, to delete one, and to go back to the first.
class LayoutMenu : public QObject {
    Q_OBJECT
public:
    struct Layout {
        std::function<QByteArray()> save;
        std::function<void(const QByteArray&)> restore;
        std::function<void()> reset;
    };
    LayoutMenu(QMenu* menu, Layout layout, QWidget* window);

    static QStringList names();
    void saveAs(const QString& name);  // over one of the same name
    void take(const QString& name);
    void forget(const QString& name);

private:
    void fill();
    void fillSoon();  // not while one of its entries acts
    void askForName();

    QMenu* menu_;
    QMenu* deletes_ = nullptr;
    Layout layout_;
    QWidget* window_;
};

}  // namespace lvr
