// Java's HttpClient: URL KEY SOCKET
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

public class Client {
    public static void main(String[] arguments) throws Exception {
        HttpClient client = HttpClient.newHttpClient();
        HttpRequest.Builder token = HttpRequest.newBuilder(URI.create(arguments[0] + "/v1/tokens/zipteams"));
        HttpRequest.Builder refresh = HttpRequest.newBuilder(URI.create(arguments[0] + "/v1/tokens/zipteams/rejections"))
                .POST(HttpRequest.BodyPublishers.ofString("{\"fingerprint\": \"000000000000\", \"status\": 401}"));
        for (HttpRequest.Builder request : new HttpRequest.Builder[] {token, refresh}) {
            HttpResponse<String> answer =
                    client.send(request.header("Authorization", "Bearer " + arguments[1]).build(), HttpResponse.BodyHandlers.ofString());
            if (answer.statusCode() != 200) throw new Exception(answer.statusCode() + " " + answer.body());
            System.out.println(answer.body());
        }
    }
}
