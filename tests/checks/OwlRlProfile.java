import java.io.File;
import org.semanticweb.owlapi.apibinding.OWLManager;
import org.semanticweb.owlapi.model.OWLOntology;
import org.semanticweb.owlapi.profiles.OWL2RLProfile;
import org.semanticweb.owlapi.profiles.OWLProfileReport;

/** Prints, for each file, "in" or "out" of OWL 2 RL, a tab, its name, a tab, and the first violation. */
public class OwlRlProfile {
    public static void main(String[] files) throws Exception {
        for (String name : files) {
            File file = new File(name);
            OWLOntology ontology = OWLManager.createOWLOntologyManager().loadOntologyFromOntologyDocument(file);
            OWLProfileReport report = new OWL2RLProfile().checkOntology(ontology);
            String first = report.isInProfile() ? "" : report.getViolations().get(0).toString().replace('\n', ' ');
            System.out.println((report.isInProfile() ? "in" : "out") + "\t" + file.getName() + "\t" + first);
        }
    }
}
